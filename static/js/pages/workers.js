/** Watchers, compute workers and queues. */

import { html } from "htm/preact";
import { useEffect, useMemo } from "preact/hooks";
import { WorkersFeed } from "../live/workers-feed.js";
import { formatCount } from "../model/format.js";
import { fleetSummary, whyWaiting } from "../model/fleet.js";
import { Loading, ProblemNote } from "../view/blank.js";
import { Icon } from "../view/icons.js";
import { useServices } from "../view/services.js";
import { WorkerRow } from "../view/worker-row.js";

/** @typedef {import("../model/types.js").Worker} Worker */
/** @typedef {import("../model/types.js").Workers} Workers */

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
    <${Summary} workers=${workers} />
    <${Group} title="Watchers" about="run the parents, which wait without holding a slot"
      of=${workers.watchers} ttl=${workers.ttl} unit="runs"
      none="No watcher is running: runs wait until one starts." />
    <${Group} title="Compute" about="run the children, one per slot" of=${workers.compute}
      ttl=${workers.ttl} unit="slots"
      none="No compute worker is running: children wait until one starts." />
    <${Lost} workers=${feed.lost.value} ttl=${workers.ttl} />
    <${Queues} workers=${workers} />`;
}

/** @param {{workers: Workers}} props */
function Summary({ workers }) {
  const { clock } = useServices();
  return html`<p class="fleet-summary muted">${fleetSummary(workers, clock.now.value)}</p>`;
}

/**
 * @typedef {object} GroupProps
 * @property {string} title
 * @property {string} about
 * @property {Worker[]} of
 * @property {number} ttl  seconds (s)
 * @property {string} unit  what a worker has room for
 * @property {string} none
 */

/** @param {GroupProps} props */
function Group({ title, about, of: workers, ttl, unit, none }) {
  return html`<section class="card worker-group">
    <header class="tree-head"><h2>${title}</h2><span class="muted small">${about}</span></header>
    ${
      workers.length
        ? html`<ul class="workers">${workers.map((worker) => html`<${WorkerRow} key=${worker.name}
          worker=${worker} ttl=${ttl} unit=${unit} />`)}</ul>`
        : html`<p class="notice">${none}</p>`
    }
  </section>`;
}

/** Those whose work was taken over since this page was opened. @param {{workers: Worker[],
 * ttl: number}} props */
function Lost({ workers, ttl }) {
  if (!workers.length) return null;
  return html`<${Group} title="Gone" about="heard no more since you opened this page"
    of=${workers} ttl=${ttl} unit="slots" none="" />`;
}

/** @param {{workers: Workers}} props */
function Queues({ workers }) {
  return html`<section class="card worker-group">
    <header class="tree-head"><h2>Queues</h2><span
      class="muted small">messages not yet taken; a task that waits long has several</span></header>
    <table class="table queues"><thead><tr><th scope="col">Name</th>
      <th scope="col" class="number">Waiting</th><th scope="col" class="number">Consumers</th>
      <th scope="col">Why they wait</th></tr></thead>
    <tbody>${workers.queues.map(
      (queue) => html`<${QueueRow} key=${queue.name} queue=${queue} workers=${workers} />`,
    )}</tbody></table>
  </section>`;
}

/** @param {{queue: import("../model/types.js").Queue, workers: Workers}} props */
function QueueRow({ queue, workers }) {
  const { clock } = useServices();
  const why = whyWaiting(queue, workers, clock.now.value);
  return html`<tr><td class="mono">${queue.name}</td>
    <td class="number">${queue.problem ? "?" : formatCount(queue.length)}</td>
    <td class="number">${formatCount(queue.consumers)}</td>
    <td class="small"><${Why} queue=${queue} why=${why} /></td></tr>`;
}

/** @param {{queue: import("../model/types.js").Queue, why: string}} props */
function Why({ queue, why }) {
  if (queue.waiting || queue.problem)
    return html`<span class="state tone-retry"><${Icon} shape="retry" />${why}</span>`;
  return why || (queue.consumers ? "" : "nobody takes from it");
}
