/** One process: how it stands, what it is at, how many of its slots that takes. */

import { html } from "htm/preact";
import { formatClock, formatCount, formatTime, shortId } from "../model/format.js";
import { isDead, standing } from "../model/fleet.js";
import { Ago } from "./elapsed.js";
import { Icon } from "./icons.js";
import { useServices } from "./services.js";

/** @typedef {import("../model/types.js").Worker} Worker */

/** Running tasks named per worker; the rest are counted. */
const MOST_NAMED = 8;

/** @param {{worker: Worker, ttl: number, unit: string}} props  what it has room for */
export function WorkerRow({ worker, ttl, unit }) {
  const { clock } = useServices();
  const now = clock.now.value;
  const { word, tone } = standing(worker, now, ttl);
  const dead = isDead(worker, now, ttl);
  return html`<li class=${`worker ${dead ? "worker-dead" : ""}`} data-worker=${worker.name}
    data-standing=${tone}>
    <span class=${`state tone-${tone}`}><${Icon} shape=${tone} />${word}</span>
    <div class="worker-name"><span class="mono clip">${worker.name}</span><span class="muted small">
      ${worker.host}, pid ${worker.pid}, takes from ${worker.queues.join(", ")}</span></div>
    <${Slots} worker=${worker} unit=${unit} />
    <div class="worker-running small"><${RunningTasks} worker=${worker} dead=${dead} /></div>
    <div class="worker-heard muted small"><${Heard} at=${worker.seen_at} tone=${tone} /></div>
  </li>`;
}

/** Of one that is silent the seconds are told already: "just now" would deny them. */
const SILENT = ["retry", "lost"];

/** @param {{at: number, tone: string}} props */
function Heard({ at, tone }) {
  if (!SILENT.includes(tone)) return html`heard <${Ago} at=${at} />`;
  return html`last heard <time datetime=${new Date(at).toISOString()} title=${formatTime(at)}>
    ${formatClock(at)}</time>`;
}

/** @param {{worker: Worker, unit: string}} props */
function Slots({ worker, unit }) {
  const busy = worker.running.length;
  const part = worker.slots ? Math.min(1, busy / worker.slots) : 0;
  return html`<div class="worker-slots"><span class="tabular">${formatCount(busy)}
      <span class="muted"> / ${formatCount(worker.slots)} ${unit}</span></span>
    <div class="meter" aria-hidden="true"><span class="meter-fill"
      style=${{ transform: `scaleX(${part})` }}></span></div></div>`;
}

/** @param {{worker: Worker, dead: boolean}} props */
function RunningTasks({ worker, dead }) {
  if (!worker.running.length) return html`<span class="muted">${dead ? "" : "idle"}</span>`;
  const rest = worker.running.length - MOST_NAMED;
  return html`${dead ? html`<span class="muted">was running</span>` : null}
    ${worker.running.slice(0, MOST_NAMED).map(
      ({ run_id, path, name }) => html`<a key=${run_id + path} class="chip worker-task"
        href=${`/runs/${run_id}${path ? `?node=${path}` : ""}`} title=${name}>
        <span class="clip">${name}</span> <span class="mono muted">
        ${shortId(run_id)}${path ? `:${path}` : ""}</span></a> `,
    )}
    ${rest > 0 ? html`<span class="muted">and ${formatCount(rest)} more</span>` : null}`;
}
