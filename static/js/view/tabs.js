/** Tabs after the pattern of the ARIA guide: one is in the tab order, arrows move between them. */

import { html } from "htm/preact";

/**
 * @typedef {object} TabsProps
 * @property {string} label
 * @property {readonly string[]} keys
 * @property {Readonly<Record<string, string>>} words
 * @property {string} open
 * @property {(key: string) => void} choose
 * @property {unknown} [children]  the open panel
 */

/** @param {TabsProps} props */
export function Tabs({ label, keys, words, open, choose, children }) {
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const next = keys.at(targetOf(event.key, keys.indexOf(open), keys.length));
    if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    choose(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label}
      onKeyDown=${onKeyDown}>
      ${keys.map(
        (key) => html`<button key=${key} type="button" role="tab" id=${`tab-${key}`} class="tab"
          aria-selected=${key === open} aria-controls="tab-panel" tabindex=${key === open ? 0 : -1}
          onClick=${() => choose(key)}>${words[key]}</button>`,
      )}
    </div>
    <div class="tab-panel" id="tab-panel" role="tabpanel" aria-labelledby=${`tab-${open}`}>
      ${children}</div>`;
}

/**
 * Beyond all tabs for a key that moves nothing.
 * @param {string} key @param {number} at @param {number} count
 */
function targetOf(key, at, count) {
  if (key === "ArrowRight") return (at + 1) % count;
  if (key === "ArrowLeft") return (at + count - 1) % count;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : Infinity;
}
