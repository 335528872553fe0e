/** A modal dialog on the browser's own <dialog>: focus stays inside, Escape closes it. */

import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";

/** @param {{title: string, onClose: () => void, children?: unknown}} props */
export function Dialog({ title, onClose, children }) {
  const element = useRef(/** @type {HTMLDialogElement|null} */ (null));
  // Asked before the dialog is drawn: a field of it may take the focus as soon as it is there.
  const opener = useRef(document.activeElement);
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => {
      dialog?.close();
      queueMicrotask(() => giveBack(opener.current));
    };
  }, []);
  // Who selects text and lets go outside has not clicked there: both ends must be outside.
  const pressedOn = useRef(/** @type {EventTarget|null} */ (null));
  const onPointerDown = (/** @type {PointerEvent} */ event) => (pressedOn.current = event.target);
  const onBackdrop = (/** @type {MouseEvent} */ event) =>
    event.target === element.current && pressedOn.current === element.current && onClose();
  const onCancel = (/** @type {globalThis.Event} */ event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog class="dialog" role="dialog" aria-modal="true" aria-labelledby="dialog-title"
    ref=${element} onCancel=${onCancel} onPointerDown=${onPointerDown}
    onClick=${onBackdrop}>
    <div class="dialog-body"><h2 id="dialog-title">${title}</h2>${children}</div>
  </dialog>`;
}

/**
 * The focus goes to what opened the dialog, or else to the page's content: who works by keyboard
 * goes on from there.
 * @param {Element|null} opener
 */
function giveBack(opener) {
  if (document.activeElement !== document.body) return;
  /** @type {HTMLElement|null} */ (opener)?.focus?.();
  if (document.activeElement === document.body) document.querySelector("main")?.focus();
}
