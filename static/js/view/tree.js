/** The run's tasks at every depth, one row each, moved through by the arrow keys. */

import { html } from "htm/preact";
import { parentPath } from "../model/paths.js";
import { MoreRow } from "./more-row.js";
import { scrollToRow } from "./row-focus.js";
import { turnWheel } from "./timeline-axis.js";
import { TreeRow } from "./tree-row.js";
import { VirtualList } from "./virtual-list.js";

/** Above this many rows only the visible ones are drawn. */
const DRAW_ALL = 300;

/** @typedef {import("../live/run-store.js").RunStore} RunStore */
/** @typedef {import("../model/tree.js").Row} Row */

/**
 * @typedef {object} TreeProps
 * @property {RunStore} store
 * @property {import("../live/missing-nodes.js").MissingNodes} missing
 * @property {import("../live/timeline.js").Timeline|null} timeline
 * @property {import("@preact/signals").Signal<string|null>} selected
 * @property {(path: string) => void} select
 */

/** @param {TreeProps} props */
export function Tree({ store, missing, timeline, selected, select }) {
  const rows = store.rows.value;
  const current = selected.value;
  const entry = rows.some((row) => row.path === current) ? current : rows[0]?.path;
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => moveByKey(event, store, select);
  const onWheel = (/** @type {WheelEvent} */ event) => timeline && turnWheel(event, timeline);
  const count = store.lacking.value.size ? -1 : rows.length; // -1: nobody knows yet
  const more = { "aria-rowcount": count, onKeyDown, onWheel, class: "rows tree" };
  return html`<${VirtualList} items=${rows} always=${DRAW_ALL} role="treegrid"
    label="Tasks of this run" more=${more}
    row=${(
      /** @type {Row} */ row,
      /** @type {number} */ index,
    ) =>
      row.more === undefined
        ? html`<${TreeRow} key=${row.path} row=${row} index=${index} store=${store}
      timeline=${timeline} selected=${row.path === current} tabbable=${row.path === entry}
      select=${select} />`
        : html`<${MoreRow} key=${row.path} row=${row} index=${index} missing=${missing} />`} />`;
}

/** @param {KeyboardEvent} event @param {RunStore} store @param {(path: string) => void} select */
function moveByKey(event, store, select) {
  const row = /** @type {HTMLElement} */ (event.target).closest("[data-path]");
  const path = row?.getAttribute("data-path");
  if (path === null || path === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  const handled = actOnKey(
    event.key,
    path,
    store,
    select,
    /** @type {HTMLElement} */ (event.currentTarget),
  );
  if (handled) event.preventDefault();
}

/**
 * @param {string} key
 * @param {string} path
 * @param {RunStore} store
 * @param {(path: string) => void} select
 * @param {HTMLElement} tree
 * @returns {boolean}
 */
function actOnKey(key, path, store, select, tree) {
  const rows = store.rows.peek();
  const index = rows.findIndex((row) => row.path === path);
  const row = rows[index];
  if (!row) return false;
  if (key === "Enter" || key === " ") return row.more === undefined && (select(path), true);
  else if (key === "ArrowRight" && row.children && !row.open) store.setOpen(path, true);
  else if (key === "ArrowLeft" && row.children && row.open) store.setOpen(path, false);
  else return focusRow(tree, rows, targetIndex(key, index, rows));
  return true;
}

/** @param {string} key @param {number} index @param {readonly Row[]} rows @returns {number} */
function targetIndex(key, index, rows) {
  switch (key) {
    case "ArrowDown":
    case "ArrowRight":
      return index + 1;
    case "ArrowUp":
      return index - 1;
    case "ArrowLeft":
      return rows.findIndex((row) => row.path === parentPath(rows[index].path));
    case "Home":
      return 0;
    case "End":
      return lastTask(rows);
    default:
      return -1;
  }
}

/** @param {readonly Row[]} rows */
function lastTask(rows) {
  let index = rows.length - 1;
  while (rows[index]?.more !== undefined) index--;
  return index;
}

/**
 * A row out of sight is not drawn: scroll to where it will be, then focus it.
 * @param {HTMLElement} tree
 * @param {readonly Row[]} rows
 * @param {number} index
 */
function focusRow(tree, rows, index) {
  const target = rows[index];
  if (!target) return false;
  if (target.more !== undefined) {
    scrollToRow(tree, index); // it has more read and gives way to them: no place for the focus
    return true;
  }
  const find = () =>
    /** @type {HTMLElement|null} */ (
      tree.querySelector(`[data-path="${CSS.escape(target.path)}"]`)
    );
  if (find()) find()?.focus();
  else {
    scrollToRow(tree, index);
    requestAnimationFrame(() => requestAnimationFrame(() => find()?.focus()));
  }
  return true;
}
