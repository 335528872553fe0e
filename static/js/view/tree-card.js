/** A run's tasks with the timeline beside them, in the same rows and one scroll. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { recall, remember } from "../live/preferences.js";
import { formatCount, plural } from "../model/format.js";
import { isFinal } from "../model/states.js";
import { MissingNodes } from "./missing-nodes.js";
import { TimelineAxis, TimelineButtons } from "./timeline-axis.js";
import { Tree } from "./tree.js";

/** @typedef {import("../live/run-store.js").RunStore} RunStore */
/** @typedef {import("../live/timeline.js").Timeline} Timeline */
/** @typedef {import("@preact/signals").Signal<string|null>} Selected */

/**
 * @typedef {object} TreeCardProps
 * @property {string} runId
 * @property {RunStore} store
 * @property {Timeline} timeline
 * @property {Selected} selected
 * @property {(path: string) => void} select
 */

/** @param {TreeCardProps} props */
export function TreeCard({ runId, store, timeline, selected, select }) {
  const [drawn, setDrawn] = useState(recall("timeline", "on") === "on");
  const toggle = () => {
    remember("timeline", drawn ? "off" : "on");
    setDrawn(!drawn);
  };
  const lanes = drawn && store.paths.value.length ? timeline : null;
  return html`<section class=${`card tree-card ${lanes ? "with-timeline" : ""}`} aria-label="Tasks">
    <header class="tree-head">
      <h2>Tasks</h2><${Folding} store=${store} />
      <div class="tree-tools">
        ${lanes ? html`<${TimelineButtons} timeline=${timeline} />` : null}
        <button type="button" class="toggle small" aria-pressed=${drawn}
          onClick=${toggle}>Timeline</button>
      </div>
    </header>
    ${lanes ? html`<${Columns} timeline=${timeline} />` : null}
    <${TreeOrWord} store=${store} timeline=${lanes} selected=${selected} select=${select} />
    <${MissingNodes} store=${store} runId=${runId} />
  </section>`;
}

/** @param {{store: RunStore}} props */
function Folding({ store }) {
  const paths = store.paths.value;
  const nested = paths.some((path) => path.includes("."));
  const folded = store.folded.value.size > 0;
  return html`<span class="muted small">${paths.length ? countOfTasks(store) : ""}</span>
    ${nested ? html`<button type="button" class="link small"
      onClick=${() => store.setAllOpen(folded)}>
      ${folded ? "Unfold all" : "Fold all"}</button>` : null}`;
}

/** "39 tasks", or "50 of 2,400 tasks" while the rest has not been read. @param {RunStore} store */
function countOfTasks(store) {
  const read = store.paths.value.length;
  const counts = store.complete.value ? {} : (store.run.peek()?.counts ?? {});
  const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
  return all > read ? `${formatCount(read)} of ${plural(all, "task")}` : plural(read, "task");
}

/** Only the axis; the cells say by themselves what they are. @param {{timeline: Timeline}} props */
function Columns({ timeline }) {
  return html`<div class="row tree-row tree-columns" aria-hidden="true">
    <span class="cell-name"></span><span class="cell-state"></span><span class="cell-bar"></span>
    <span class="cell-steps"></span><span class="cell-message"></span>
    <span class="cell-elapsed"></span><span class="cell-where"></span>
    <div class="cell-lane"><${TimelineAxis} timeline=${timeline} /></div>
  </div>`;
}

/**
 * @typedef {object} TreeOrWordProps
 * @property {RunStore} store
 * @property {Timeline|null} timeline
 * @property {Selected} selected
 * @property {(path: string) => void} select
 */

/** @param {TreeOrWordProps} props */
function TreeOrWord({ store, timeline, selected, select }) {
  if (store.paths.value.length)
    return html`<${Tree} store=${store} timeline=${timeline} selected=${selected}
      select=${select} />`;
  const run = store.run.value;
  const words =
    run && isFinal(run.state)
      ? "It started no tasks."
      : run?.state === "PENDING"
        ? "Waiting for a watcher to take the run in."
        : "No tasks yet.";
  return html`<p class="tree-empty muted">${words}</p>`;
}
