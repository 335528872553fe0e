/** Moves the focus through the rows of a list, or to a named part of the page. */

import { lowestInSight } from "./uncovered-row.js";

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

/**
 * Scroll to where that row is, or will be: one that is out of sight is not drawn.
 * @param {HTMLElement} tree @param {number} index @param {number} [place]  in the window, 0..1
 */
export function scrollToRow(tree, index, place = 1 / 2) {
  const height = parseFloat(getComputedStyle(tree).getPropertyValue("--row-height")) || 44;
  const top = scrollY + tree.getBoundingClientRect().top + index * height;
  scrollTo({ top: top - innerHeight * place });
}

/** Frames until a tree that has just been drawn has its whole height, so that it can be scrolled. */
const LOOKS = 5;

/** Where in the window a row is brought: below the head, above the details that lie over a phone. */
const IN_SIGHT = 1 / 6;

/**
 * Bring a task's row into sight once the tree is drawn, if it isn't.
 * @param {string} path @param {number} index
 */
export async function revealRow(path, index) {
  for (let look = 0; look < LOOKS; look++) {
    await new Promise(requestAnimationFrame);
    const tree = /** @type {HTMLElement|null} */ (document.querySelector(".tree"));
    const row = tree?.querySelector(`[data-path="${CSS.escape(path)}"]`);
    if (row && isInSight(row)) return;
    if (tree) scrollToRow(tree, index, IN_SIGHT);
  }
}

/** @param {Element} row */
function isInSight(row) {
  const { top, bottom } = row.getBoundingClientRect();
  return top >= 0 && bottom <= lowestInSight();
}

/** Scrolled less than this (px), the list stands at its beginning, where new runs may push it. */
const BEGINNING = 120;

/** Pixels (px) under the head of the page at which a row counts as the first in sight. */
const UNDER_HEAD = 60;

const RUN_ROWS = "a.run-row[data-run-id]";

/** What is seen of the list of runs. */
export const listEye = {
  look() {
    const focused = focusedRun();
    if (scrollY < BEGINNING) return { focused };
    const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(RUN_ROWS)]);
    const first = rows.find((row) => row.getBoundingClientRect().top >= UNDER_HEAD);
    return { id: first?.dataset.runId, top: first?.getBoundingClientRect().top, focused };
  },

  /** @param {import("../live/list-place.js").Place} place @param {number} index */
  async bring({ id, top = 0, focused }, index) {
    for (let look = 0; look < LOOKS && index >= 0; look++) {
      await new Promise(requestAnimationFrame);
      const row = rowOfRun(id);
      const list = /** @type {HTMLElement|null} */ (document.querySelector(".runs"));
      if (row) scrollBy({ top: row.getBoundingClientRect().top - top });
      else if (list) scrollToRow(list, index, top / innerHeight);
    }
    if (index < 0) await new Promise(requestAnimationFrame);
    rowOfRun(focused)?.focus({ preventScroll: true });
  },
};

/** @param {string|undefined} id @returns {HTMLElement|null} */
const rowOfRun = (id) =>
  id ? document.querySelector(`a.run-row[data-run-id="${CSS.escape(id)}"]`) : null;
