/** How many tasks of a run are in which state: a bar of segments and a legend in words. */

import { html } from "htm/preact";
import { formatCount } from "../model/format.js";
import { STATES, stateTone, stateWord } from "../model/states.js";
import { Icon } from "./icons.js";

/** @param {{counts: Partial<Record<import("../model/types.js").State, number>>}} props */
export function StateSummary({ counts }) {
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
        <${Icon} shape=${stateTone(state)} />${formatCount(counts[state] ?? 0)} <span class="muted">
          ${stateWord(state)}</span>
      </li>`,
      )}
    </ul>
  </div>`;
}
