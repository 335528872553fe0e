/** How far the server is with an action on many runs, with what it was refused. */

import { html } from "htm/preact";
import { plural, shortId } from "../model/format.js";
import { isOver, sentence } from "../model/bulk.js";
import { Icon } from "./icons.js";

/** @typedef {import("../model/types.js").Bulk} Bulk */

/** @param {{bulk: import("../live/bulk-feed.js").BulkFeed}} props */
export function BulkProgress({ bulk: feed }) {
  const bulk = feed.bulk.value;
  if (!bulk) return null;
  const over = isOver(bulk);
  const tone = !over ? "progress" : bulk.failed ? "failure" : "success";
  return html`<div class="bulk-progress">
    <span class=${`bulk-words tone-${tone}`}><${Icon} shape=${over ? tone : "progress"} />
      <span class="tabular">${sentence(bulk)}</span></span>
    ${over ? null : html`<${Bar} bulk=${bulk} />`}
    ${bulk.failed ? html`<${Failures} bulk=${bulk} />` : null}
    ${
      over
        ? html`<button type="button" class="step-button" aria-label="Dismiss"
          onClick=${() => feed.dismiss()}><${Icon} shape="close" /></button>`
        : null
    }
  </div>`;
}

/** @param {{bulk: Bulk}} props */
function Bar({ bulk }) {
  const part = bulk.total ? (bulk.done + bulk.failed) / bulk.total : 1;
  return html`<div class="progress tone-progress" role="progressbar" aria-label="Runs acted on"
    aria-valuemin="0" aria-valuemax=${bulk.total} aria-valuenow=${bulk.done + bulk.failed}>
    <span class="progress-fill" style=${{ transform: `scaleX(${part})` }}></span></div>`;
}

/** @param {{bulk: Bulk}} props */
function Failures({ bulk }) {
  const rest = bulk.failed - bulk.failures.length;
  return html`<details class="bulk-failures"><summary class="tone-failure">
      ${plural(bulk.failed, "refusal")}</summary>
    <ul>${bulk.failures.map(
      (failure) => html`<li key=${failure.run_id}><a class="mono" href=${`/runs/${failure.run_id}`}>
        ${shortId(failure.run_id)}</a> <span class="wrap">${failure.message}</span></li>`,
    )}
    ${rest > 0 ? html`<li class="muted">and ${plural(rest, "more", "more")}</li>` : null}</ul>
  </details>`;
}
