/** One run in the list; the whole row is a link to it. */

import { html } from "htm/preact";
import { iterations, moduleName, shortId, shortName } from "../model/format.js";
import { briefError, isFinal } from "../model/states.js";
import { Ago, Elapsed } from "./elapsed.js";
import { ProgressBar } from "./progress-bar.js";
import { StateBadge } from "./state-badge.js";

/** @typedef {import("../model/types.js").Run} Run */

/** @param {{run: import("@preact/signals").Signal<Run>, index: number, count: number}} props */
export function RunRow({ run: record, index, count }) {
  const run = record.value;
  const name = run.label || shortName(run.name);
  return html`<div role="listitem" class="row-frame" aria-posinset=${index + 1}
    aria-setsize=${count}>
    <a class="row run-row" href=${`/runs/${run.id}`} data-run-id=${run.id} data-state=${run.state}>
      <span class="cell-state"><${StateBadge} state=${run.state} /></span>
      <span class="cell-name names"><span class="name clip">${name}</span>
        <span class="muted small clip name-task">
          ${run.label ? shortName(run.name) : moduleName(run.name)}</span></span>
      <span class="cell-bar"><${ProgressBar} record=${run} label=${`Progress of ${name}`} /></span>
      <span class="cell-steps tabular muted">${iterations(run.meta)}</span>
      <span class="cell-message clip small">${rowMessage(run)}</span>
      <span class="cell-elapsed tabular"><${Elapsed} record=${run} /></span>
      <span class="cell-ago muted small"><${Ago} at=${run.created_at} /></span>
      <span class="cell-id mono muted small">${shortId(run.id)}</span>
    </a>
  </div>`;
}

/** @param {Run} run */
function rowMessage(run) {
  if (run.state === "FAILURE" && run.meta.error)
    return html`<span class="tone-failure" title=${run.meta.error}>
      ${briefError(run.meta.error)}</span>`;
  if (run.revoke)
    return html`<span
      class="muted">by ${run.revoke.by}${run.revoke.reason ? `: ${run.revoke.reason}` : ""}</span>`;
  return html`<span class="muted">${isFinal(run.state) ? "" : run.meta.message}</span>`;
}
