/** The box before a row that takes it into the choice; with Shift everything in between too. */

import { html } from "htm/preact";

/** @typedef {import("../live/selection.js").Selection} Selection */

/** @param {{selection: Selection, id: string, name: string}} props */
export function PickBox({ selection, id, name }) {
  const onClick = (/** @type {MouseEvent} */ event) => selection.choose(id, event.shiftKey);
  return html`<label class="pick"><input type="checkbox" checked=${selection.has(id)}
    aria-label=${`Select ${name}`} onClick=${onClick} /></label>`;
}

/** The box above the rows. @param {{selection: Selection}} props */
export function PickAllBox({ selection }) {
  const shown = selection.store.ids.value.length;
  const chosen = selection.size.value;
  return html`<label class="pick"><input type="checkbox" aria-label="Select all shown"
    checked=${shown > 0 && chosen === shown} indeterminate=${chosen > 0 && chosen < shown}
    onClick=${() => selection.chooseShown()} /><span class="pick-words" aria-hidden="true">
      Select all shown</span></label>`;
}
