/** A state as shape, word and colour: none of the three alone. */

import { html } from "htm/preact";
import { stateTone, stateWord } from "../model/states.js";
import { Icon } from "./icons.js";

/** @param {{state: string, large?: boolean}} props */
export function StateBadge({ state, large = false }) {
  const tone = stateTone(state);
  return html`<span class=${`state tone-${tone} ${large ? "state-large" : ""}`} data-state=${state}>
    <${Icon} shape=${tone} /><span class="state-word">${stateWord(state)}</span>
  </span>`;
}
