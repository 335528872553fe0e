/** Names and values side by side; those without a value are left out. */

import { html } from "htm/preact";

/** @typedef {[string, unknown]} Fact */

/** @param {{facts: Fact[]}} props */
export function Facts({ facts }) {
  const known = facts.filter(
    ([, value]) => value !== null && value !== undefined && value !== "" && value !== false,
  );
  return html`<dl class="facts">${known.map(([name, value]) => html`<div key=${name}><dt>
    ${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
