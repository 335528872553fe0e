/** Asks before many runs are acted on: what happens, to how many, and to which. */

import { html } from "htm/preact";
import { plural, shortName } from "../model/format.js";
import { filterOf, fit } from "../model/bulk.js";
import { describeFilter } from "../model/run-list.js";
import { ProblemNote } from "./blank.js";
import { reach } from "./choosing.js";
import { useDeed } from "./deed.js";
import { Dialog } from "./dialog.js";
import { useServices } from "./services.js";

/** @typedef {import("./choosing.js").Choosing} Choosing */
/** @typedef {import("../model/bulk.js").BulkAction} BulkAction */

/** Runs that the dialog names. */
const MOST_NAMED = 5;

/** @param {Choosing & {action: BulkAction, onClose: () => void}} props */
export function BulkDialog(props) {
  const { action, bulk, selection, onClose } = props;
  const { busy, problem, attempt } = useDeed();
  const order = useOrder(props);
  const send = () =>
    attempt(async () => {
      await bulk.begin(order());
      selection.clear();
      onClose();
    });
  const n = reach(props, action);
  const what = n === null ? "all that match" : plural(n, "run");
  return html`<${Dialog} title=${`${action.word} ${what}?`} onClose=${onClose}>
    <${Which} ...${props} />
    <p>${action.means}</p>
    <${ProblemNote} text=${problem} />
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${onClose}>${action.otherwise}</button>
      <button type="button" disabled=${busy} onClick=${send}
        class=${`button ${action.action === "retry" ? "primary" : "danger"}`}>
        ${busy ? "Asking…" : `${action.word} ${what}`}</button>
    </div>
  <//>`;
}

/** @param {Choosing & {action: BulkAction}} props */
function useOrder({ selection, filter, action }) {
  const { clock } = useServices();
  return () => {
    const { all } = selection.choice.peek();
    return all
      ? { action: action.action, filter: filterOf(action, filter, all.until, clock.reading()) }
      : { action: action.action, ids: fit(action, selection.runs()).map((run) => run.id) };
  };
}

/** @param {Choosing & {action: BulkAction}} props */
function Which({ selection, filter, action }) {
  if (selection.choice.value.all)
    return html`<p>Every run it applies to that matches: <strong class="wrap">
      ${describeFilter(filter)}</strong>. Runs started since you selected them are left alone.</p>`;
  const runs = fit(action, selection.runs());
  const left = selection.size.value - runs.length;
  const rest = runs.length - MOST_NAMED;
  return html`<ul class="bulk-names">
      ${runs.slice(0, MOST_NAMED).map(
        (run) => html`<li key=${run.id} class="clip">${run.label || shortName(run.name)}</li>`,
      )}
      ${rest > 0 ? html`<li class="muted">and ${plural(rest, "more", "more")}</li>` : null}
    </ul>
    ${left ? html`<p class="muted">${plural(left, "selected run")} it does not apply to
      ${left === 1 ? " is" : " are"} left as ${left === 1 ? "it is" : "they are"}.</p>` : null}`;
}
