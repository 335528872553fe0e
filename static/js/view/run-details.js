/** What the run itself was given and gave back; stands beside the tree while no task is chosen. */

import { html } from "htm/preact";
import { formatTime } from "../model/format.js";
import { ProblemNote } from "./blank.js";
import { Arguments, DetailPanels, ErrorText, Value } from "./detail-panels.js";
import { Dotted } from "./dotted.js";
import { Facts } from "./facts.js";
import { useWhole } from "./whole-record.js";

/** @typedef {import("../model/types.js").Run} Run */

/**
 * @typedef {object} RunDetailsProps
 * @property {import("../live/run-store.js").RunStore} store
 * @property {string} tab
 * @property {(tab: string) => void} openTab
 */

/** @param {RunDetailsProps} props */
export function RunDetails({ store, tab, openTab }) {
  const run = store.run.value;
  return run ? html`<${Details} brief=${run} tab=${tab} openTab=${openTab} />` : null;
}

/** @param {{brief: Run, tab: string, openTab: (tab: string) => void}} props */
function Details({ brief, tab, openTab }) {
  const { record: run, reading, problem } = useWhole(brief.id, "", brief);
  return html`<aside class="overview card" aria-label="Run">
    <h2>This run</h2>
    <${ProblemNote} text=${problem} />
    <${DetailPanels} runId=${run.id} path="" record=${run} reading=${reading} tab=${tab}
      openTab=${openTab} overview=${html`<${Overview} run=${run} />`} />
  </aside>`;
}

/** @param {{run: Run}} props */
function Overview({ run }) {
  const time = (/** @type {number|null} */ at) => (at === null ? "" : formatTime(at));
  return html`<${ErrorText} record=${run} /><${Value} value=${run.value} />
    <${Arguments} kwargs=${run.kwargs} />
    <${Facts} facts=${[
      ["Parent", html`<span class="mono wrap"><${Dotted} name=${run.name} /></span>`],
      ["Created", time(run.created_at)],
      ["Started", time(run.started_at)],
      ["Ended", time(run.finalized_at)],
      ["Run id", html`<span class="mono wrap">${run.id}</span>`],
    ]} />`;
}
