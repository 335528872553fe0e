/** How many tasks of a run are in which state: a bar of segments and a legend in words. */

import { html } from "htm/preact";
import { formatCount } from "../model/format.js";
import { STATES, stateTone, stateWord } from "../model/states.js";
import { Icon } from "./icons.js";

/** @typedef {import("../model/types.js").State} State */

/** What has failed leads there. @type {readonly State[]} */
const FAILED = ["FAILURE", "LOST"];

/** @param {{counts: Partial<Record<State, number>>, goToFailure: () => void}} props */
export function StateSummary({ counts, goToFailure }) {
  const present = STATES.filter((state) => counts[state]);
  if (!present.length) return null;
  return html`<div class="summary">
    ${
      present.length === 1
        ? null
        : html`<div class="summary-bar" aria-hidden="true">
      ${present.map((state) => html`<span key=${state}
        class=${`summary-part tone-${stateTone(state)}`} style=${{ flexGrow: counts[state] }}>
        </span>`)}
    </div>`
    }
    <ul class="summary-legend" aria-label="Tasks by state">
      ${present.map(
        (state) => html`<li key=${state} class=${`tone-${stateTone(state)}`}>
        <${Count} state=${state} n=${counts[state] ?? 0} goToFailure=${goToFailure} /></li>`,
      )}
    </ul>
  </div>`;
}

/** @param {{state: State, n: number, goToFailure: () => void}} props */
function Count({ state, n, goToFailure }) {
  const words = html`<${Icon} shape=${stateTone(state)} />${formatCount(n)} <span class="muted">
    ${stateWord(state)}</span>`;
  if (!FAILED.includes(state)) return words;
  return html`<button type="button" class="summary-failed" title="Go to the next one (n)"
    onClick=${goToFailure}>${words}</button>`;
}
