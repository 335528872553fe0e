/** Which single keys this page hears, and the switch that turns them off. */

import { html } from "htm/preact";
import { Dialog } from "./dialog.js";
import { useServices } from "./services.js";

export function ShortcutsDialog() {
  const { shortcuts } = useServices();
  const close = () => {
    shortcuts.listed.value = false;
  };
  const onChange = (/** @type {{currentTarget: HTMLInputElement}} */ event) =>
    shortcuts.turn(event.currentTarget.checked);
  return html`<${Dialog} title="Keyboard" onClose=${close}>
    <dl class="keys">${shortcuts.known.value.map(
      (one) => html`<div key=${one.key}><dt><kbd>${one.key}</kbd></dt><dd>${one.does}</dd></div>`,
    )}</dl>
    <p class="muted small">Tab, Enter, Escape and the arrow keys work everywhere.</p>
    <label class="switch"><input type="checkbox" checked=${shortcuts.on.value}
      onChange=${onChange} /> Single keys act at once</label>
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${close}>Close</button></div>
  <//>`;
}
