/** A modal dialog on the browser's own <dialog>: focus stays inside, Escape closes it. */

import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";

/** @param {{title: string, onClose: () => void, children?: unknown}} props */
export function Dialog({ title, onClose, children }) {
  const element = useRef(/** @type {HTMLDialogElement|null} */ (null));
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  const onBackdrop = (/** @type {MouseEvent} */ event) =>
    event.target === element.current && onClose();
  const onCancel = (/** @type {globalThis.Event} */ event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog class="dialog" role="dialog" aria-modal="true" aria-labelledby="dialog-title"
    ref=${element} onCancel=${onCancel} onClick=${onBackdrop}>
    <div class="dialog-body"><h2 id="dialog-title">${title}</h2>${children}</div>
  </dialog>`;
}
