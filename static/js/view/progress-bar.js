/** A bar that knows when it does not know: without a total it has no value, and sways if it moves. */

import { html } from "htm/preact";
import { isFinal, stateTone } from "../model/states.js";
import { whyStill } from "../model/waiting.js";
import { iterations, knownCompletion } from "../model/format.js";

/**
 * @typedef {{state: string, meta: import("../model/types.js").Meta,
 *   counts?: Partial<Record<string, number>>}} Moving
 */

/**
 * @param {{record: Moving, label: string, large?: boolean, still?: string}} props  `still`: why
 *   nothing of it moves, where more is known than its record tells
 */
export function ProgressBar({ record, label, large = false, still = whyStill(record) }) {
  const known = knownCompletion(record);
  const idle = record.state === "PENDING" || isFinal(record.state) || still !== "";
  const sways = known === null && !idle;
  const value = known === null ? undefined : Math.round(known * 10) / 10;
  const looks = [large && "progress-large", sways && "progress-unknown"].filter(Boolean).join(" ");
  return html`<div class=${`progress tone-${stateTone(record.state)} ${looks}`}
      role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax="100"
      aria-valuenow=${value} aria-valuetext=${valueText(record, known)}>
    <span class="progress-fill" style=${{ transform: `scaleX(${(known ?? 0) / 100})` }}></span>
  </div>`;
}

/** @param {Moving} record @param {number|null} known */
function valueText(record, known) {
  const steps = iterations(record.meta);
  if (known === null) return steps ? `${steps} so far` : undefined;
  return steps ? `${Math.round(known)} %, ${steps}` : `${Math.round(known)} %`;
}
