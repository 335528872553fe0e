/** A run's tasks with the timeline beside them, in the same rows and one scroll. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { recall, remember } from "../live/preferences.js";
import { formatCount, plural } from "../model/format.js";
import { isFinal } from "../model/states.js";
import { TimelineAxis, TimelineButtons } from "./timeline-axis.js";
import { Tree } from "./tree.js";

/** @typedef {import("../live/run-store.js").RunStore} RunStore */
/** @typedef {import("../live/missing-nodes.js").MissingNodes} MissingNodes */
/** @typedef {import("../live/timeline.js").Timeline} Timeline */
/** @typedef {import("@preact/signals").Signal<string|null>} Selected */

/**
 * @typedef {object} TreeCardProps
 * @property {RunStore} store
 * @property {MissingNodes} missing
 * @property {Timeline} timeline
 * @property {Selected} selected
 * @property {(path: string) => void} select
 */

/** @param {TreeCardProps} props */
export function TreeCard({ store, missing, timeline, selected, select }) {
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
    <${TreeOrWord} store=${store} missing=${missing} timeline=${lanes} selected=${selected}
      select=${select} />
  </section>`;
}

/** @param {{store: RunStore}} props */
function Folding({ store }) {
  const paths = store.paths.value;
  const nested = paths.some((path) => path.includes("."));
  const folded = store.folded.value.size > 0;
  return html`<span class="muted small">
    ${paths.length ? html`<${HowMany} store=${store} />` : ""}</span>
    ${nested ? html`<button type="button" class="link small"
      onClick=${() => store.setAllOpen(folded)}>
      ${folded ? "Unfold all" : "Fold all"}</button>` : null}`;
}

/** Of a large run not all are here. @param {{store: RunStore}} props */
function HowMany({ store }) {
  const known = store.paths.value.length;
  const all = store.lacking.value.size ? store.total.value : known;
  return all > known ? `${formatCount(known)} of ${plural(all, "task")}` : plural(known, "task");
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
 * @property {MissingNodes} missing
 * @property {Timeline|null} timeline
 * @property {Selected} selected
 * @property {(path: string) => void} select
 */

/** @param {TreeOrWordProps} props */
function TreeOrWord({ store, missing, timeline, selected, select }) {
  if (store.paths.value.length)
    return html`<${Tree} store=${store} missing=${missing} timeline=${timeline}
      selected=${selected} select=${select} />`;
  const run = store.run.value;
  const words =
    run && isFinal(run.state)
      ? "It started no tasks."
      : run?.state === "PENDING"
        ? "Waiting to begin: until a watcher takes it in, or a place is free."
        : "No tasks yet.";
  return html`<p class="tree-empty muted">${words}</p>`;
}
