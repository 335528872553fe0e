/** What the run itself was given and gave back; stands beside the tree while no task is chosen. */

import { html } from "htm/preact";
import { formatTime } from "../model/format.js";
import { isFinal, tellingError } from "../model/states.js";
import { ProblemNote } from "./blank.js";
import { Facts } from "./facts.js";
import { Arguments } from "./node-details.js";
import { NodeLog } from "./node-log.js";
import { JsonBlock, TextBlock } from "./text-block.js";
import { useWhole } from "./whole-record.js";

/** @param {{store: import("../live/run-store.js").RunStore}} props */
export function RunOverview({ store }) {
  const run = store.run.value;
  return run ? html`<${Overview} brief=${run} />` : null;
}

/** @param {{brief: import("../model/types.js").Run}} props */
function Overview({ brief }) {
  const { record: run, reading, problem } = useWhole(brief.id, "", brief);
  return html`<aside class="overview card" aria-label="Run">
    <h2>This run</h2>
    <${ProblemNote} text=${problem} />
    ${tellingError(run) ? html`<${TextBlock} title="Error" text=${tellingError(run)}
      tone="failure" />` : null}
    ${run.traceback ? html`<${TextBlock} title="Traceback" text=${run.traceback} />` : null}
    ${run.value !== null && run.value !== undefined ? html`<${JsonBlock} title="Value"
      value=${run.value} />` : null}
    ${reading ? html`<p class="muted small">Reading the rest…</p>` : null}
    <${Arguments} kwargs=${run.kwargs} />
    <${RunTimes} run=${run} />
    <${NodeLog} key=${run.id} runId=${run.id} path="" ended=${isFinal(run.state)} />
  </aside>`;
}

/** @param {{run: import("../model/types.js").Run}} props */
function RunTimes({ run }) {
  const time = (/** @type {number|null} */ at) => (at === null ? "" : formatTime(at));
  return html`<${Facts} facts=${[
    ["Parent", html`<span class="mono wrap">${run.name}</span>`],
    ["Created", time(run.created_at)],
    ["Started", time(run.started_at)],
    ["Ended", time(run.finalized_at)],
    ["Run id", html`<span class="mono wrap">${run.id}</span>`],
  ]} />`;
}
