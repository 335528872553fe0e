/** Puts a text on the clipboard and says so for a moment. */

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "./icons.js";

/** Milliseconds (ms) the confirmation stays. */
const SAID_FOR = 1_600;

/** @param {{text: string, what: string}} props */
export function CopyButton({ text, what }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    const timer = copied ? setTimeout(() => setCopied(false), SAID_FOR) : undefined;
    return () => clearTimeout(timer);
  }, [copied]);
  // Browsers offer no clipboard to pages that came over plain HTTP from another host.
  if (!navigator.clipboard) return null;
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return html`<button type="button" class="copy" aria-label=${`Copy ${what}`} onClick=${copy}>
    ${copied ? html`<span class="copied">Copied</span>` : html`<${Icon} shape="copy" />`}
  </button>`;
}
