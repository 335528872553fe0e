/** The latest runs of one parent as bars: as high as each took long, shaped by how it ended. */

import { html } from "htm/preact";
import { stateTone } from "../model/states.js";
import { barsOf, endSentence, summary } from "../model/recent-ends.js";
import { useServices } from "./services.js";

/** @typedef {import("../model/types.js").RecentEnd} RecentEnd */

/** The strip's box: bars of 5 by 24, 2 apart. */
const WIDTH = 5;
const STEP = 7;
const HEIGHT = 24;

/** @param {{ends: readonly RecentEnd[]}} props */
export function SparkStrip({ ends }) {
  const { clock } = useServices();
  const bars = barsOf(ends);
  const now = clock.now.peek();
  const width = Math.max(1, bars.length) * STEP - (STEP - WIDTH);
  return html`<svg class="spark" viewBox=${`0 0 ${width} ${HEIGHT}`} width=${width} height=${HEIGHT}
    role="img" aria-label=${`Latest runs: ${summary(ends)}`}>
    ${bars.map(
      ({ end, height }, index) => html`<g key=${end.run_id + end.ended_at}
        class=${`tone-${stateTone(end.state)}`} transform=${`translate(${index * STEP} 0)`}>
        <title>${endSentence(end, now)}</title>
        <${Bar} state=${end.state} height=${Math.round(height * HEIGHT)} /></g>`,
    )}
  </svg>`;
}

/**
 * Full where it succeeded, crossed by a gap where it failed, hollow where it was revoked.
 * @param {{state: string, height: number}} props
 */
function Bar({ state, height }) {
  const top = HEIGHT - height;
  if (state === "REVOKED")
    return html`<rect class="spark-hollow" x="0.6" y=${top + 0.6} width=${WIDTH - 1.2}
      height=${Math.max(1, height - 1.2)} />`;
  if (state === "SUCCESS")
    return html`<rect y=${top} width=${WIDTH} height=${height} rx="1" />`;
  return html`<rect y=${top} width=${WIDTH} height=${Math.max(2, height - 5)} rx="1" /><rect
    y=${HEIGHT - 3} width=${WIDTH} height="3" rx="1" />`;
}
