/** What can be done with a run: revoke it while it lives, retry or rerun it afterwards. */

import { html } from "htm/preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { isFinal } from "../model/states.js";
import { shortName } from "../model/format.js";
import { ProblemNote } from "./blank.js";
import { leaveFor, useDeed } from "./deed.js";
import { later } from "./later.js";
import { useServices } from "./services.js";

/** @typedef {import("../model/types.js").Run} Run */

const DeleteDialog = later(() => import("./delete-dialog.js").then((m) => m.DeleteDialog));
const DescribeDialog = later(() => import("./describe-dialog.js").then((m) => m.DescribeDialog));
const RevokeDialog = later(() => import("./revoke-dialog.js").then((m) => m.RevokeDialog));

/** @param {{run: Run, store: import("../live/run-store.js").RunStore}} props */
export function RunActions({ run, store }) {
  const { api, mayAct } = useServices();
  const [asks, setAsks] = useState(false);
  const actions = useFocusKept(isFinal(run.state));
  if (!mayAct) return null;
  const revoke = async (/** @type {string} */ reason) =>
    store.offer(await api.revoke(run.id, "", reason));
  return html`<div class="actions" ...${actions}>
    <${DescribeAction} run=${run} store=${store} />
    ${
      isFinal(run.state)
        ? html`<${EndedActions} run=${run} store=${store} />`
        : html`<${RevokeAction} run=${run} ask=${() => setAsks(true)} />`
    }
    ${asks ? html`<${RevokeDialog} what="run" name=${run.label || shortName(run.name)}
      running=${unfinished(run)} hasEnded=${isFinal(run.state)} revoke=${revoke}
      onClose=${() => setAsks(false)} />` : null}
  </div>`;
}

/**
 * What was done takes its button away. The focus goes to the first of those that come then, not to
 * the page's beginning.
 * @param {boolean} isOver
 */
function useFocusKept(isOver) {
  const place = useRef(/** @type {HTMLElement|null} */ (null));
  // Not who has the focus is asked: a button that can't be pressed while its deed is done lost it.
  const acted = useRef(false);
  useLayoutEffect(() => {
    if (acted.current && document.activeElement === document.body)
      place.current?.querySelector("button")?.focus();
    acted.current = false;
  }, [isOver]);
  return { ref: place, onClick: () => (acted.current = true) };
}

/** @param {{run: Run, store: import("../live/run-store.js").RunStore}} props */
function DescribeAction({ run, store }) {
  const [open, setOpen] = useState(false);
  return html`<button type="button" class="button" onClick=${() => setOpen(true)}>Label</button>
    ${open ? html`<${DescribeDialog} run=${run} store=${store}
      onClose=${() => setOpen(false)} />` : null}`;
}

/** @param {{run: Run, ask: () => void}} props */
function RevokeAction({ run, ask }) {
  const revoking = run.state === "REVOKING" || run.revoke !== null;
  return html`<button type="button" class="button danger" disabled=${revoking} onClick=${ask}>
    ${revoking ? "Revoking…" : "Revoke"}</button>`;
}

/** @param {{run: Run, store: import("../live/run-store.js").RunStore}} props */
function EndedActions({ run, store }) {
  const { api } = useServices();
  const { busy, problem, attempt } = useDeed();
  const retry = () => attempt(async () => store.offer(await api.retry(run.id)));
  const rerun = () => attempt(async () => leaveFor(`/runs/${(await api.rerun(run.id)).id}`));
  return html`<div class="actions">
    ${
      run.state === "SUCCESS"
        ? null
        : html`<button type="button" class="button" disabled=${busy} onClick=${retry}
      title="Go on with this run: what succeeded is kept, the rest starts anew">Retry</button>`
    }
    <button type="button" class="button" disabled=${busy} onClick=${rerun}
      title="A new run with the same arguments">Rerun</button>
    <a class="button" href=${`/start?name=${encodeURIComponent(run.name)}&from=${run.id}`}
      title="A new run with other arguments">Edit and run</a>
    <${DeleteAction} run=${run} />
    <${ProblemNote} text=${problem} />
  </div>`;
}

/** @param {{run: Run}} props */
function DeleteAction({ run }) {
  const { mayDelete } = useServices();
  const [open, setOpen] = useState(false);
  if (!mayDelete) return null;
  return html`<button type="button" class="button" onClick=${() => setOpen(true)}>Delete</button>
    ${open ? html`<${DeleteDialog} run=${run} onClose=${() => setOpen(false)} />` : null}`;
}

/** @param {Run} run */
const unfinished = (run) =>
  Object.entries(run.counts).reduce((sum, [state, n]) => sum + (isFinal(state) ? 0 : (n ?? 0)), 0);
