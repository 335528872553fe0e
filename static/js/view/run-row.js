/** One run in the list; all of it but the box before it is a link to the run. */

import { html } from "htm/preact";
import { brief } from "../model/arguments.js";
import { briefIterations, moduleName, shortId, shortName } from "../model/format.js";
import { briefError, isFinal } from "../model/states.js";
import { whyStill } from "../model/waiting.js";
import { Ago, Elapsed } from "./elapsed.js";
import { PickBox } from "./pick-box.js";
import { ProgressBar } from "./progress-bar.js";
import { StateBadge } from "./state-badge.js";

/** @typedef {import("../model/types.js").Run} Run */

/** Tags a row has room for; the rest are counted. */
const MOST_TAGS = 3;

/**
 * @typedef {object} RunRowProps
 * @property {import("@preact/signals").Signal<Run>} run
 * @property {number} index
 * @property {number} count
 * @property {import("../live/parents.js").Parents} parents
 * @property {import("../live/selection.js").Selection|null} selection  null: nothing to choose for
 */

/** @param {RunRowProps} props */
export function RunRow({ run: record, index, count, parents, selection }) {
  const run = record.value;
  const name = run.label || shortName(run.name);
  const chosen = selection?.has(run.id) ?? false;
  return html`<div role="listitem" class=${`row-frame ${chosen ? "row-chosen" : ""}`}
    aria-posinset=${index + 1} aria-setsize=${count}>
    ${selection ? html`<${PickBox} selection=${selection} id=${run.id} name=${name} />` : null}
    <a class="row run-row" href=${`/runs/${run.id}`} data-run-id=${run.id} data-state=${run.state}>
      <span class="cell-state"><${StateBadge} state=${run.state} /></span>
      <span class="cell-what"><span class="what-name"><span class="name clip">${name}</span>
        ${run.tags.length ? html`<${Tags} tags=${run.tags} />` : null}</span>
        <span class="what-call muted small clip">${called(run, parents)}</span></span>
      <span class="cell-bar"><${ProgressBar} record=${run} label=${`Progress of ${name}`} /></span>
      <span class="cell-steps tabular muted">${briefIterations(run.meta)}</span>
      <span class="cell-message clip small">${rowMessage(run)}</span>
      <span class="cell-elapsed tabular"><${Elapsed} record=${run} /></span>
      <span class="cell-ago muted small"><${Ago} at=${run.created_at} /></span>
      <span class="cell-id mono muted small">${shortId(run.id)}</span>
    </a>
  </div>`;
}

/** @param {{tags: string[]}} props */
function Tags({ tags }) {
  const rest = tags.length - MOST_TAGS;
  return html`<span class="what-tags">${tags.slice(0, MOST_TAGS).map(
    (tag) => html`<span key=${tag} class="tag clip">${tag}</span>`,
  )}${rest > 0 ? html`<span class="tag">+${rest}</span>` : null}</span>`;
}

/** What was called, and with what. @param {Run} run @param {RunRowProps["parents"]} parents */
function called(run, parents) {
  const given = brief(run.kwargs, parents.known.value.get(run.name)?.schema);
  const task = run.label ? shortName(run.name) : "";
  const args = given ? html`<span class="mono">${given}</span>` : null;
  if (task || args) return html`${task}${task && args ? " " : ""}${args}`;
  return moduleName(run.name);
}

/** @param {Run} run */
function rowMessage(run) {
  if (run.state === "FAILURE" && run.meta.error)
    return html`<span class="tone-failure" title=${run.meta.error}>
      ${briefError(run.meta.error)}</span>`;
  if (run.revoke)
    return html`<span
      class="muted">by ${run.revoke.by}${run.revoke.reason ? `: ${run.revoke.reason}` : ""}</span>`;
  if (isFinal(run.state)) return null;
  const why = run.meta.message ? "" : whyStill(run);
  return html`<span class=${`muted ${why && "late"}`} key=${why}>${why || run.meta.message}</span>`;
}
