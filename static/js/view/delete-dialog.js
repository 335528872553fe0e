/** Removes an ended run and everything recorded of it, after asking. */

import { html } from "htm/preact";
import { shortName } from "../model/format.js";
import { ProblemNote } from "./blank.js";
import { leaveFor, useDeed } from "./deed.js";
import { Dialog } from "./dialog.js";
import { useServices } from "./services.js";

/** @typedef {import("../model/types.js").Run} Run */

/** @param {{run: Run, onClose: () => void}} props */
export function DeleteDialog({ run, onClose }) {
  const { api } = useServices();
  const { busy, problem, attempt } = useDeed();
  const remove = () =>
    attempt(async () => {
      await api.remove(run.id);
      await leaveFor("/");
    });
  return html`<${Dialog} title="Delete this run?" onClose=${onClose}>
    <p><strong class="wrap">${run.label || shortName(run.name)}</strong> goes for good, with its
      tasks, values, errors and output.</p>
    <${ProblemNote} text=${problem} />
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${onClose}>Keep it</button>
      <button type="button" class="button danger" disabled=${busy} onClick=${remove}>
        ${busy ? "Deleting…" : "Delete run"}</button>
    </div>
  <//>`;
}
