/** Everything known of one task: times, worker, error, value, arguments, output. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { elapsed, formatTime, iterations } from "../model/format.js";
import { isFinal, tellingError } from "../model/states.js";
import { ProblemNote } from "./blank.js";
import { CopyButton } from "./copy-button.js";
import { Elapsed } from "./elapsed.js";
import { Facts } from "./facts.js";
import { Icon } from "./icons.js";
import { NodeLog } from "./node-log.js";
import { ProgressBar } from "./progress-bar.js";
import { RevokeDialog } from "./revoke-dialog.js";
import { useServices } from "./services.js";
import { StateBadge } from "./state-badge.js";
import { JsonBlock, TextBlock } from "./text-block.js";
import { useWhole } from "./whole-record.js";

/** @typedef {import("../model/types.js").Node} Node */
/** @typedef {import("../live/run-store.js").RunStore} RunStore */

/** @param {{store: RunStore, runId: string, path: string, onClose: () => void}} props */
export function NodeDetails({ store, runId, path, onClose }) {
  // Reading the paths wakes this part when a node it waits for arrives.
  const known = store.paths.value.length ? store.nodes.get(path)?.value : undefined;
  return html`<aside class="details card" aria-label="Task">
    <button type="button" class="details-close" aria-label="Close" onClick=${onClose}><${Icon}
      shape="close" /></button>
    ${known ? html`<${Known} node=${known} store=${store} runId=${runId} />` : html`<p
      class="muted">There is no task ${path} in this run, or not yet.</p>`}
  </aside>`;
}

/** @param {{node: Node, store: RunStore, runId: string}} props */
function Known({ node: brief, store, runId }) {
  const { record: node, reading, problem } = useWhole(runId, brief.path, brief);
  const ended = isFinal(node.state);
  return html`
    <header class="details-head">
      <h2 class="wrap">${store.nameOf(node)}</h2>
      <p class="muted mono small wrap">${node.name}</p>
      <div class="run-line"><${StateBadge} state=${node.state} /><${ProgressBar} record=${node}
        label="Progress of the chosen task" /></div>
      ${node.waiting && !ended ? html`<p class="waiting">
        <strong>Waiting:</strong> ${node.waiting}</p>` : null}
      ${node.meta.message ? html`<p class="wrap">${node.meta.message}</p>` : null}
      <${RevokeBranch} node=${node} store=${store} runId=${runId} />
    </header>
    <${ProblemNote} text=${problem} />
    ${tellingError(node) ? html`<${TextBlock} title="Error" text=${tellingError(node)}
      tone="failure" />` : null}
    ${node.traceback ? html`<${TextBlock} title="Traceback" text=${node.traceback} />` : null}
    ${node.value !== null && node.value !== undefined ? html`<${JsonBlock} title="Value"
      value=${node.value} />` : null}
    ${reading ? html`<p class="muted small">Reading the rest…</p>` : null}
    <${NodeFacts} node=${node} />
    <${Arguments} args=${node.args} kwargs=${node.kwargs} />
    <${NodeLog} key=${`${node.path}:${node.attempt}`} runId=${runId} path=${node.path}
      ended=${ended} />
    <${Attempts} node=${node} />`;
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

/** @param {{args?: unknown[]|null, kwargs: Record<string, unknown>|null}} props */
export function Arguments({ args, kwargs }) {
  const named = kwargs && Object.keys(kwargs).length > 0;
  if (!args?.length && !named) return null;
  const value = args?.length ? (named ? { args, kwargs } : args) : kwargs;
  return html`<${JsonBlock} title="Arguments" value=${value} />`;
}

/** @param {{node: Node}} props */
function Attempts({ node }) {
  if (!node.attempts?.length) return null;
  return html`<section class="block">
    <header class="block-head"><h3>Earlier attempts</h3></header>
    <ol class="attempts">${node.attempts.map(
      (attempt) => html`<li key=${attempt.attempt} value=${attempt.attempt}>
      <${StateBadge} state=${attempt.state} /> <span class="tabular">
        ${elapsed(attempt, attempt.finalized_at ?? 0)}</span>
      <span class="mono small muted wrap">${attempt.worker}</span>
      ${attempt.error ? html`<p class="small tone-failure wrap">${attempt.error}</p>` : null}
    </li>`,
    )}</ol>
  </section>`;
}

/** @param {{node: Node, store: RunStore, runId: string}} props */
function RevokeBranch({ node, store, runId }) {
  const { api, mayAct } = useServices();
  const [open, setOpen] = useState(false);
  if (!mayAct || isFinal(node.state)) return null;
  const revoking = node.state === "REVOKING";
  const revoke = async (/** @type {string} */ reason) =>
    store.offer(await api.revoke(runId, node.path, reason));
  return html`<div class="actions">
    <button type="button" class="button small" disabled=${revoking} onClick=${() => setOpen(true)}>
      ${revoking ? "Revoking…" : "Revoke this task"}</button>
    ${open ? html`<${RevokeDialog} what="task" name=${store.nameOf(node)}
      running=${unfinishedUnder(store, node.path)} revoke=${revoke}
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
