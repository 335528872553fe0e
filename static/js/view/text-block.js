/** Preformatted text that somebody supplied: shown as text, never as markup. */

import { html } from "htm/preact";
import { formatJson } from "../model/format.js";
import { CopyButton } from "./copy-button.js";

/** @param {{title: string, text: string, tone?: string}} props */
export function TextBlock({ title, text, tone = "" }) {
  return html`<section class=${`block ${tone ? `block-${tone}` : ""}`}>
    <header class="block-head"><h3>${title}</h3><${CopyButton} text=${text}
      what=${title.toLowerCase()} /></header>
    <pre class="block-text" tabindex="0">${text}</pre>
  </section>`;
}

/** @param {{title: string, value: unknown}} props */
export function JsonBlock({ title, value }) {
  return html`<${TextBlock} title=${title}
    text=${typeof value === "string" ? value : formatJson(value)} />`;
}
