/** What stands where nothing is to be shown yet. */

import { html } from "htm/preact";

/**
 * `alone`: nothing else on the page has a heading.
 * @param {{title: string, alone?: boolean, children?: unknown}} props
 */
export function Blank({ title, alone = false, children }) {
  return html`<section class="blank">
    <svg class="blank-mark" viewBox="0 0 64 64" aria-hidden="true"><rect x="6" y="6" width="52"
      height="52" rx="14"/><rect x="18" y="18" width="28" height="28" rx="8"/><rect x="28" y="28"
      width="8" height="8" rx="2.5"/></svg>
    ${alone ? html`<h1>${title}</h1>` : html`<h2>${title}</h2>`}
    ${children}
  </section>`;
}

/** Grey bars in the shape of what is being read. @param {{rows?: number, label: string}} props */
export function Loading({ rows = 6, label }) {
  return html`<div class="loading" role="group" aria-busy="true" aria-label=${label}>
    ${Array.from({ length: rows }, () => html`<div class="loading-row"></div>`)}
  </div>`;
}

/** @param {{text: string}} props */
export function ProblemNote({ text }) {
  return text ? html`<p class="problem" role="alert">${text}</p>` : null;
}
