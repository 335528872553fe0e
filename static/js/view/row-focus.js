/** Moves the focus through the rows of a list, or to a named part of the page. */

/** @param {string} selector */
export function focusOn(selector) {
  /** @type {HTMLElement|null} */ (document.querySelector(selector))?.focus();
}

/** Rows are drawn beyond what is seen, so the next one is always there. @param {1|-1} step */
export function focusRow(step) {
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("a.run-row")]);
  const frame = focusedFrame();
  const focused = rows.findIndex((row) => row.parentElement === frame);
  const next = focused === -1 ? rows[0] : rows[focused + step];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

/** The id of the run whose row has the focus. @returns {string|undefined} */
export function focusedRun() {
  const row = /** @type {HTMLElement|null|undefined} */ (focusedFrame()?.querySelector("a"));
  return row?.dataset.runId;
}

const focusedFrame = () => document.activeElement?.closest("[role=listitem]");
