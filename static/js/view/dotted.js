/** A name of Python's, which may go on in the next line after a dot or an underscore. */

import { html } from "htm/preact";

/** @param {{name: string}} props */
export function Dotted({ name }) {
  const parts = name.split(/(?<=[._])/);
  return html`${parts.map((part, n) => (n ? [html`<wbr />`, part] : part))}`;
}
