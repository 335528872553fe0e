/** Everything known of one task: times, worker, error, value, arguments, output. */

import { html } from "htm/preact";
import { useRef, useState } from "preact/hooks";
import { formatTime, iterations } from "../model/format.js";
import { ancestors } from "../model/paths.js";
import { isFinal, revokeWords, stateTone } from "../model/states.js";
import { ProblemNote } from "./blank.js";
import { CopyButton } from "./copy-button.js";
import { Arguments, DetailPanels, ErrorText, Value } from "./detail-panels.js";
import { Dotted } from "./dotted.js";
import { Elapsed } from "./elapsed.js";
import { Facts } from "./facts.js";
import { WaitsForSlot } from "./fleet-note.js";
import { Icon } from "./icons.js";
import { ProgressBar } from "./progress-bar.js";
import { later } from "./later.js";
import { useServices } from "./services.js";
import { StateBadge } from "./state-badge.js";
import { useUncoveredRow } from "./uncovered-row.js";
import { useWhole } from "./whole-record.js";

/** @typedef {import("../model/types.js").Node} Node */
/** @typedef {import("../live/run-store.js").RunStore} RunStore */

const RevokeDialog = later(() => import("./revoke-dialog.js").then((m) => m.RevokeDialog));

/**
 * @typedef {object} NodeDetailsProps
 * @property {RunStore} store
 * @property {string} runId
 * @property {string} path
 * @property {string} tab
 * @property {(tab: string) => void} openTab
 * @property {() => void} onClose
 */

/** @param {NodeDetailsProps} props */
export function NodeDetails({ store, runId, path, tab, openTab, onClose }) {
  // Reading the paths wakes this part when a node it waits for arrives.
  const known = store.paths.value.length ? store.nodes.get(path)?.value : undefined;
  const element = useRef(/** @type {HTMLElement|null} */ (null));
  useUncoveredRow(element, path);
  return html`<aside class="details card" aria-label="Task" ref=${element}>
    <button type="button" class="details-close" aria-label="Close" onClick=${onClose}><${Icon}
      shape="close" /></button>
    ${known ? html`<${Known} node=${known} store=${store} runId=${runId} tab=${tab}
      openTab=${openTab} />` : html`<p
      class="muted">There is no task ${path} in this run, or not yet.</p>`}
  </aside>`;
}

/**
 * @typedef {object} KnownProps
 * @property {Node} node
 * @property {RunStore} store
 * @property {string} runId
 * @property {string} tab
 * @property {(tab: string) => void} openTab
 */

/** @param {KnownProps} props */
function Known({ node: brief, store, runId, tab, openTab }) {
  const { record: node, reading, problem } = useWhole(runId, brief.path, brief);
  return html`
    <header class="details-head">
      <h2 class="wrap">${store.nameOf(node)}</h2>
      <p class="muted mono small wrap"><${Dotted} name=${node.name} /></p>
      <div class="run-line"><${StateBadge} state=${node.state} /><${ProgressBar} record=${node}
        label="Progress of the chosen task" /></div>
      <${Waiting} node=${node} />
      <${WhoRevoked} node=${node} store=${store} />
      ${node.meta.message ? html`<p class=${`wrap ${isFinal(node.state) ? "muted" : ""}`}>
        ${node.meta.message}</p>` : null}
      <${RevokeBranch} node=${node} store=${store} runId=${runId} />
    </header>
    <${ProblemNote} text=${problem} />
    <${DetailPanels} runId=${runId} path=${node.path} record=${node} reading=${reading} tab=${tab}
      openTab=${openTab} overview=${html`<${Overview} node=${node} />`} />`;
}

/** Why it has not begun, where that is known. @param {{node: Node}} props */
function Waiting({ node: { kind, queue, state, waiting } }) {
  if (waiting && !isFinal(state))
    return html`<p class="waiting"><strong>Waiting:</strong> ${waiting}</p>`;
  return kind === "child" && state === "PENDING" ? html`<${WaitsForSlot} queue=${queue} />` : null;
}

/**
 * Who stopped it, or what it is under, and why.
 * @param {{node: Node, store: RunStore}} props
 */
function WhoRevoked({ node: { path, state }, store }) {
  if (state !== "REVOKING" && state !== "REVOKED") return null;
  const above = [path, ...ancestors(path)].map((one) => store.nodes.get(one)?.peek());
  const revoke = above.find((one) => one?.revoke)?.revoke ?? store.run.peek()?.revoke;
  return revoke ? html`<p class=${`wrap tone-${stateTone(state)}`}>
    ${revokeWords(state, revoke)}</p>` : null;
}

/** @param {{node: Node}} props */
function Overview({ node }) {
  return html`<${ErrorText} record=${node} /><${Value} value=${node.value} />
    <${Arguments} args=${node.args} kwargs=${node.kwargs} /><${NodeFacts} node=${node} />`;
}

/** @param {{node: Node}} props */
function NodeFacts({ node }) {
  const time = (/** @type {number|null} */ at) => (at === null ? "" : formatTime(at));
  return html`<${Facts} facts=${[
    ["Elapsed", html`<${Elapsed} record=${node} />`],
    ["Iterations", iterations(node.meta)],
    ["Attempt", node.attempt],
    ["Worker", node.worker && html`<span class="mono wrap">${node.worker}</span>`],
    ["Queue", node.queue && html`<span class="mono">${node.queue}</span>`],
    ["Queued", time(node.queued_at)],
    ["Started", time(node.started_at)],
    ["Ended", time(node.finalized_at)],
    ["Path", html`<span class="mono">${node.path}</span>`],
    [
      "Task id",
      html`<span class="mono wrap">${node.task_id}</span> <${CopyButton} text=${node.task_id}
        what="task id" />`,
    ],
  ]} />`;
}

/** @param {{node: Node, store: RunStore, runId: string}} props */
function RevokeBranch({ node, store, runId }) {
  const { api, mayAct } = useServices();
  const [open, setOpen] = useState(false);
  const hasEnded = isFinal(node.state);
  if (!mayAct || (hasEnded && !open)) return null;
  const revoking = node.state === "REVOKING";
  const revoke = async (/** @type {string} */ reason) =>
    store.offer(await api.revoke(runId, node.path, reason));
  return html`<div class="actions">
    <button type="button" class="button small" disabled=${revoking || hasEnded} onClick=${() => setOpen(true)}>
      ${revoking ? "Revoking…" : "Revoke this task"}</button>
    ${open ? html`<${RevokeDialog} what="task" name=${store.nameOf(node)}
      running=${unfinishedUnder(store, node.path)} isLeast=${store.lacksUnder(node.path)}
      hasEnded=${hasEnded} revoke=${revoke}
      onClose=${() => setOpen(false)} />` : null}
  </div>`;
}

/** @param {RunStore} store @param {string} path */
function unfinishedUnder(store, path) {
  let found = 0;
  for (const [other, node] of store.nodes) {
    if ((other === path || other.startsWith(`${path}.`)) && !isFinal(node.peek().state)) found++;
  }
  return found;
}
