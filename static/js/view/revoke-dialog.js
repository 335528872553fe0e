/** Asks before a run, or one branch of it, is stopped; says what will happen. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { plural } from "../model/format.js";
import { ProblemNote } from "./blank.js";
import { useDeed } from "./deed.js";
import { Dialog } from "./dialog.js";

/**
 * @typedef {object} RevokeDialogProps
 * @property {string} what  "run" or "task"
 * @property {string} name
 * @property {number} running  tasks it would stop
 * @property {boolean} [isLeast]  there may be more that are not known here
 * @property {boolean} hasEnded  by itself, while somebody was asked: what they type goes nowhere else
 * @property {(reason: string) => Promise<unknown>} revoke
 * @property {() => void} onClose
 */

/** @param {RevokeDialogProps} props */
export function RevokeDialog({
  what,
  name,
  running,
  isLeast = false,
  hasEnded,
  revoke,
  onClose,
}) {
  const [reason, setReason] = useState("");
  const { busy, problem, attempt } = useDeed();
  const confirm = () =>
    !hasEnded &&
    attempt(async () => {
      await revoke(reason.trim());
      onClose();
    });
  const onSubmit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    void confirm();
  };
  const onInput = (/** @type {{currentTarget: HTMLInputElement}} */ event) =>
    setReason(event.currentTarget.value);
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) void confirm();
  };
  return html`<${Dialog} title=${`Revoke this ${what}?`} onClose=${onClose}>
    <form onSubmit=${onSubmit} onKeyDown=${onKeyDown}>
      ${
        hasEnded
          ? html`<p role="status"><strong class="wrap">${name}</strong> has ended meanwhile: there is
            nothing left to revoke.</p>`
          : html`<p><strong class="wrap">
            ${name}</strong> and everything under it is stopped: ${consequence(running, isLeast)}
            ${" "}Nothing further is started. What has already ended keeps its result.</p>`
      }
      <div class="field">
        <label for="revoke-reason">Reason <span class="muted">(optional, everybody sees it)</span>
          </label>
        <input id="revoke-reason" maxlength="500" value=${reason} autofocus
          onInput=${onInput} />
      </div>
      <${ProblemNote} text=${problem} />
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>
          ${hasEnded ? "Close" : "Keep it running"}</button>
        <button type="submit" class="button danger" disabled=${busy || hasEnded}>
          ${busy ? "Revoking…" : `Revoke ${what}`}</button>
      </div>
    </form>
  <//>`;
}

/** @param {number} running @param {boolean} isLeast */
function consequence(running, isLeast) {
  if (!running && !isLeast) return "nothing of it is running yet.";
  const [gets, is] = running === 1 ? ["gets", "is"] : ["get", "are"];
  const tasks = `${isLeast ? "at least " : ""}${plural(running, "unfinished task")}`;
  return `${tasks} ${gets} a few seconds to clean up, then ${is} ended.`;
}
