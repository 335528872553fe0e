/** Watchers, compute workers and queues. */

import { html } from "htm/preact";
import { useEffect, useMemo } from "preact/hooks";
import { WorkersFeed } from "../live/workers-feed.js";
import { formatCount, plural, shortId } from "../model/format.js";
import { Loading, ProblemNote } from "../view/blank.js";
import { Ago } from "../view/elapsed.js";
import { useServices } from "../view/services.js";

/** @typedef {import("../model/types.js").Worker} Worker */
/** @typedef {import("../model/types.js").Queue} Queue */

/** Running tasks named per worker; the rest are counted. */
const MOST_NAMED = 8;

export function WorkersPage() {
  const services = useServices();
  const feed = useMemo(() => new WorkersFeed(services), []);
  useEffect(() => {
    feed.connect();
    return () => feed.disconnect();
  }, []);
  const workers = feed.workers.value;
  if (!workers)
    return feed.problem.value
      ? html`<${ProblemNote} text=${feed.problem.value} />`
      : html`<${Loading} rows=${4} label="Reading the workers" />`;
  return html`
    <${ProblemNote} text=${feed.problem.value} />
    ${feed.following.value ? null : html`<p class="workers-refresh"><button type="button"
      class="button small" onClick=${() => feed.read()}>Refresh</button></p>`}
    <${Group} title="Watchers" about="run the parents, which wait without holding a slot"
      workers=${workers.watchers}
      none="No watcher is running: runs wait until one starts." />
    <${Group} title="Compute" about="run the children, one per slot" workers=${workers.compute}
      none="No compute worker is running: children wait until one starts." />
    <${Queues} queues=${workers.queues} />`;
}

/** @param {{title: string, about: string, workers: Worker[], none: string}} props */
function Group({ title, about, workers, none }) {
  return html`<section class="card worker-group">
    <header class="tree-head"><h2>${title}</h2><span class="muted small">${about}</span></header>
    ${
      workers.length
        ? html`<ul class="workers">${workers.map((worker) => html`<${WorkerRow} key=${worker.name}
          worker=${worker} />`)}</ul>`
        : html`<p class="notice">${none}</p>`
    }
  </section>`;
}

/** @param {{worker: Worker}} props */
function WorkerRow({ worker }) {
  const busy = worker.running.length;
  return html`<li class="worker">
    <div class="worker-name"><span class="mono clip">${worker.name}</span><span class="muted small">
      ${worker.host}, pid ${worker.pid}</span></div>
    <div class="worker-slots"><span class="tabular">${formatCount(busy)}${worker.slots ? html`<span
      class="muted"> / ${formatCount(worker.slots)}</span>` : null}</span>
      <div class="meter" aria-hidden="true"><span class="meter-fill"
        style=${{ transform: `scaleX(${worker.slots ? Math.min(1, busy / worker.slots) : 0})` }}>
        </span></div></div>
    <div class="worker-running small"><${RunningTasks} worker=${worker} /></div>
    <div class="muted small">seen <${Ago} at=${worker.seen_at} /></div>
  </li>`;
}

/** @param {{worker: Worker}} props */
function RunningTasks({ worker }) {
  if (!worker.running.length) return html`<span class="muted">idle</span>`;
  const rest = worker.running.length - MOST_NAMED;
  return html`${worker.running.slice(0, MOST_NAMED).map(
    ({ run_id, path }) => html`<a key=${run_id + path} class="mono chip"
      href=${`/runs/${run_id}${path ? `?node=${path}` : ""}`}>
      ${shortId(run_id)}${path ? `:${path}` : ""}</a> `,
  )}
    ${rest > 0 ? html`<span class="muted">and ${formatCount(rest)} more</span>` : null}`;
}

/** @param {{queues: Queue[]}} props */
function Queues({ queues }) {
  return html`<section class="card worker-group">
    <header class="tree-head"><h2>Queues</h2><span
      class="muted small">tasks sent and not yet taken</span></header>
    ${
      queues.length
        ? html`<table class="table"><thead><tr><th scope="col">Name</th><th scope="col"
          class="number">Waiting</th><th scope="col" class="number">Consumers</th><th scope="col">
          <span class="sr-only">Remark</span></th></tr></thead>
      <tbody>${queues.map(
        (
          queue,
        ) => html`<tr key=${queue.name}><td class="mono">${queue.name}</td><td class="number">
          ${formatCount(queue.length)}</td>
        <td class="number">${formatCount(queue.consumers)}</td><td>
          ${queue.consumers ? null : html`<span
          class="tone-retry small">nobody consumes it${queue.length ? `, ${plural(queue.length, "task")} stuck` : ""}</span>`}</td>
          </tr>`,
      )}</tbody></table>`
        : html`<p class="notice">No queue is known yet.</p>`
    }
  </section>`;
}
