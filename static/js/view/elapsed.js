/** Times that move with the page's clock. */

import { html } from "htm/preact";
import { elapsed, formatAgo, formatTime } from "../model/format.js";
import { useServices } from "./services.js";

/** @typedef {{started_at: number|null, finalized_at: number|null}} Timed */

/**
 * How long it has run, by the second; an ended one does not follow the clock.
 * @param {{record: Timed}} props
 */
export function Elapsed({ record }) {
  const { clock } = useServices();
  const running = record.started_at !== null && record.finalized_at === null;
  const now = running ? clock.now.value : 0;
  const title =
    record.started_at === null ? "Not started" : `Started ${formatTime(record.started_at)}`;
  return html`<span class="elapsed" title=${title}>${elapsed(record, now) || "–"}</span>`;
}

/** @param {{at: number}} props */
export function Ago({ at }) {
  const { clock } = useServices();
  return html`<time class="ago" datetime=${new Date(at).toISOString()} title=${formatTime(at)}>
    ${formatAgo(at, clock.now.value)}</time>`;
}
