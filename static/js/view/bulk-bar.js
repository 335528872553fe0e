/** What can be done with the chosen runs at once, and how far the server is with that. */

import { html } from "htm/preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { formatCount, plural } from "../model/format.js";
import { BULK_ACTIONS } from "../model/bulk.js";
import { countOf } from "../model/run-list.js";
import { statesOf } from "../model/states.js";
import { BulkProgress } from "./bulk-progress.js";
import { reach } from "./choosing.js";
import { Icon } from "./icons.js";
import { later } from "./later.js";
import { focusOn } from "./row-focus.js";
import { useServices } from "./services.js";

/** @typedef {import("../model/bulk.js").BulkAction} BulkAction */
/** @typedef {import("./choosing.js").Choosing} Choosing */

const BulkDialog = later(() => import("./bulk-dialog.js").then((m) => m.BulkDialog));

/** Drawn while there is anything to say. @param {Choosing} props */
export function BulkBar(props) {
  const { selection, bulk } = props;
  return html`<section class="bulk-bar card" aria-label="Selected runs">
    <${BulkProgress} bulk=${bulk} />
    ${selection.size.value ? html`<${Chosen} ...${props} />` : null}
  </section>`;
}

/** @param {Choosing} props */
function Chosen(props) {
  const { selection } = props;
  const { mayDelete } = useServices();
  const [asking, setAsking] = useState(/** @type {BulkAction|null} */ (null));
  const stopAsking = () => setAsking(null);
  const place = useFocusGivenBack();
  const offered = BULK_ACTIONS.filter((one) => one.action !== "delete" || mayDelete);
  return html`<div class="bulk-chosen" ref=${place}>
    <div class="bulk-count"><strong class="tabular">${countChosen(props)} selected</strong>
      <${AllMatching} ...${props} /></div>
    <div class="actions">
      ${offered.map(
        (action) => html`<${ActionButton} key=${action.action} ...${props} action=${action}
          ask=${setAsking} />`,
      )}
      <button type="button" class="step-button" aria-label="Clear the selection"
        onClick=${() => selection.clear()}><${Icon} shape="close" /></button>
    </div>
    ${asking && html`<${BulkDialog} ...${props} action=${asking} onClose=${stopAsking} />`}
  </div>`;
}

/** Who lets all go from within goes on in the list, not at the page's beginning. */
function useFocusGivenBack() {
  const place = useRef(/** @type {HTMLElement|null} */ (null));
  useLayoutEffect(
    () => () => {
      if (place.current?.contains(document.activeElement)) queueMicrotask(() => focusOn("main"));
    },
    [],
  );
  return place;
}

/** @param {Choosing} props */
function countChosen({ selection, filter }) {
  const { all, ids } = selection.choice.value;
  if (!all) return formatCount(ids.size);
  const matching = countOf(all.counts, statesOf(filter.state));
  return matching === null ? "All that match" : `All ${formatCount(matching)}`;
}

/**
 * Offered once every run that was listed is chosen, and there are more: also those that have come
 * into the list since, by scrolling or by being started.
 * @param {Choosing} props
 */
function AllMatching({ selection, counts, filter }) {
  const listed = selection.store.ids.value.length;
  const matching = countOf(counts.counts.value, statesOf(filter.state)) ?? 0;
  const { all, anchor } = selection.choice.value;
  const chosen = selection.size.value;
  const more = matching > chosen || selection.store.next.value !== null;
  if (all || (anchor !== null && chosen < listed) || !more) return null;
  const choose = () => selection.chooseAll(counts.counts.peek());
  return html`<button type="button" class="link" onClick=${choose}>
    Select all ${matching > chosen ? formatCount(matching) : ""} that match</button>`;
}

/** @param {Choosing & {action: BulkAction, ask: (action: BulkAction) => void}} props */
function ActionButton(props) {
  const { action, ask } = props;
  const n = reach(props, action);
  const tone = action.action === "retry" ? "" : "danger";
  return html`<button type="button" class=${`button small ${tone}`} disabled=${n === 0}
    title=${n === 0 ? `None of them can be ${action.past}` : plural(n ?? 0, "run")}
    onClick=${() => ask(action)}>${action.word}${n ? html` <span class="tabular">
      ${formatCount(n)}</span>` : null}</button>`;
}
