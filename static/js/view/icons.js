/**
 * Icons drawn with strokes in the text's colour. A state's shape alone tells it from the others.
 */

import { html } from "htm/preact";

/** Paths in a 16 by 16 box. @type {Readonly<Record<string, string[]>>} */
const SHAPES = {
  pending: ["M8 2.2v.1M12 4v.1M13.8 8v.1M12 12v.1M8 13.8v.1M4 12v.1M2.2 8v.1M4 4v.1"],
  started: ["M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8Z", "M6.6 5.6 10.4 8l-3.8 2.4Z"],
  progress: ["M8 1.8a6.2 6.2 0 1 1-6.2 6.2", "M8 7.6v.8"],
  retry: ["M13.4 8A5.4 5.4 0 1 1 11.6 4", "M11.8 1.2V4.2H8.8"],
  revoking: ["M5.3 1.8h5.4l3.5 3.5v5.4l-3.5 3.5H5.3l-3.5-3.5V5.3Z", "M5.4 8h5.2"],
  success: ["M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8Z", "m5.2 8.2 2 2 3.7-4.2"],
  failure: [
    "M5.3 1.8h5.4l3.5 3.5v5.4l-3.5 3.5H5.3l-3.5-3.5V5.3Z",
    "m5.9 5.9 4.2 4.2M10.1 5.9l-4.2 4.2",
  ],
  revoked: ["M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8Z", "m3.7 12.3 8.6-8.6"],
  lost: ["M8 1.6 14.6 13.6H1.4Z", "M8 6.2v3.2M8 11.5v.1"],
  chevron: ["m6 3.6 4.4 4.4L6 12.4"],
  close: ["m3.8 3.8 8.4 8.4M12.2 3.8l-8.4 8.4"],
  copy: ["M5.6 5.6h7.2v8H5.6Z", "M3.2 10.4V2.4h7.2"],
  search: ["M7 2.2a4.8 4.8 0 1 1 0 9.6 4.8 4.8 0 0 1 0-9.6Z", "m10.6 10.6 3.4 3.4"],
  plus: ["M8 3v10M3 8h10"],
  minus: ["M3 8h10"],
  earlier: ["M9.8 3.6 5.4 8l4.4 4.4"],
  later: ["m6.2 3.6 4.4 4.4-4.4 4.4"],
};

/** @param {{shape: string}} props */
export function Icon({ shape }) {
  const paths = SHAPES[shape] ?? SHAPES.pending;
  return html`<svg class=${`icon icon-${shape}`} viewBox="0 0 16 16" aria-hidden="true">
    ${paths.map((d) => html`<path d=${d} />`)}
  </svg>`;
}
