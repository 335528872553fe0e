/** Removes an ended run and everything recorded of it, after asking. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { shortName } from "../model/format.js";
import { ProblemNote } from "./blank.js";
import { Dialog } from "./dialog.js";
import { useServices } from "./services.js";

/** @typedef {import("../model/types.js").Run} Run */

/** @param {{run: Run}} props */
export function DeleteAction({ run }) {
  const { mayDelete } = useServices();
  const [open, setOpen] = useState(false);
  if (!mayDelete) return null;
  return html`<button type="button" class="button" onClick=${() => setOpen(true)}>Delete</button>
    ${open ? html`<${DeleteDialog} run=${run} onClose=${() => setOpen(false)} />` : null}`;
}

/** @param {{run: Run, onClose: () => void}} props */
function DeleteDialog({ run, onClose }) {
  const { api } = useServices();
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState("");
  const remove = async () => {
    setAsking(true);
    setProblem("");
    await api.remove(run.id).then(
      () => location.assign("/"),
      (error) => setProblem(error.message),
    );
    setAsking(false);
  };
  return html`<${Dialog} title="Delete this run?" onClose=${onClose}>
    <p><strong class="wrap">${run.label || shortName(run.name)}</strong> goes for good, with its
      tasks, values, errors and output.</p>
    <${ProblemNote} text=${problem} />
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${onClose}>Keep it</button>
      <button type="button" class="button danger" disabled=${asking} onClick=${remove}>
        ${asking ? "Deleting…" : "Delete run"}</button>
    </div>
  <//>`;
}
