/** How the latest runs of each parent went; choosing one narrows the list to it. */

import { html } from "htm/preact";
import { formatDuration, shortName } from "../model/format.js";
import { medianDuration, shownParents, summary } from "../model/recent-ends.js";
import { SparkStrip } from "./spark-strip.js";

/** @typedef {import("../model/run-list.js").Filter} Filter */
/** @typedef {import("../model/types.js").RecentEnd} RecentEnd */

/**
 * @typedef {object} ParentStripProps
 * @property {import("../live/parents.js").Parents} parents
 * @property {Filter} filter
 * @property {(filter: Filter) => void} change
 */

/** @param {ParentStripProps} props */
export function ParentStrip({ parents, filter, change }) {
  // Their place is kept while they are read: rows that were seen must not jump.
  if (!parents.asked.value) return html`<div class="strips"></div>`;
  const latest = shownParents(parents.ends.value, filter.name);
  if (!latest.length) return null;
  return html`<div class="strips" role="group" aria-label="Recent outcomes">
    ${latest.map(
      ([name, ends]) => html`<${Strip} key=${name} name=${name} ends=${ends}
        chosen=${filter.name === name}
        choose=${() => change({ ...filter, name: filter.name === name ? "" : name })} />`,
    )}
  </div>`;
}

/**
 * @typedef {object} StripProps
 * @property {string} name
 * @property {readonly RecentEnd[]} ends
 * @property {boolean} chosen
 * @property {() => void} choose
 */

/** @param {StripProps} props */
function Strip({ name, ends, chosen, choose }) {
  const usual = medianDuration(ends);
  return html`<button type="button" class="strip card" aria-pressed=${chosen} onClick=${choose}
    onFocus=${showWhole} title=${`${name}: ${summary(ends)}`}>
    <span class="strip-name clip">${shortName(name)}</span>
    <${SparkStrip} ends=${ends} />
    <span class="strip-usual muted small tabular">
      ${usual === null ? "–" : formatDuration(usual, true)}</span>
  </button>`;
}

/**
 * The line of them is scrolled to who comes by key; under a pointer nothing may move.
 * @param {FocusEvent} event
 */
function showWhole({ currentTarget: strip }) {
  if (strip instanceof HTMLElement && strip.matches(":focus-visible"))
    strip.scrollIntoView({ block: "nearest", inline: "nearest" });
}
