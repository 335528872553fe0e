/** From the paths a client knows to the rows it draws. Pure: paths in, rows out. */

import { comparePaths, depth, parentPath } from "./paths.js";

/**
 * @typedef {object} Row
 * @property {string} path
 * @property {number} level  from 1
 * @property {number} position  among its siblings, from 1
 * @property {number} siblings
 * @property {number} children  that this client has, or knows of
 * @property {boolean} open
 * @property {string} [more]  no task: stands for further children, not read yet, of the one named
 */

/**
 * The rows that are not folded away.
 *
 * A path whose parent this client does not have (a snapshot may be incomplete) is shown all the
 * same, at its own depth.
 *
 * @param {readonly string[]} paths  in tree order
 * @param {ReadonlySet<string>} folded  paths whose children are hidden
 * @param {ReadonlyMap<string, Row>} [before]  rows as they were: those that are the same still are
 *   handed out again, so that nobody draws them anew
 * @param {ReadonlyMap<string, number>} [lacking]  those that have more children than are known, and
 *   how many they have; "" is the run
 * @returns {Row[]}
 */
export function visibleRows(paths, folded, before = new Map(), lacking = new Map()) {
  const families = countChildren(paths);
  const seen = new Map();
  /** @type {Row[]} */
  const rows = [];
  /** Those above the present row whose further children have no row yet, the nearest last. */
  const above = lacking.has("") ? [""] : [];
  // Asked for every row. Not by `above[-1]` while there is none: engines leave their fast path there.
  const nearest = () => (above.length ? above[above.length - 1] : undefined);
  const close = () => rows.push(asBefore(before, moreRow(/** @type {string} */ (above.pop()))));
  /** @type {string|null} */
  let hiddenUnder = null;
  let parent = "";
  for (const path of paths) {
    while (nearest() && !path.startsWith(`${nearest()}.`)) close();
    parent = parentAfter(path, parent);
    const position = (seen.get(parent) ?? 0) + 1;
    seen.set(parent, position);
    if (hiddenUnder !== null && path.startsWith(hiddenUnder)) continue;
    if (nearest() === parent && numberOf(path) >= position) close();
    hiddenUnder = folded.has(path) ? `${path}.` : null;
    const children = Math.max(families.get(path) ?? 0, lacking.get(path) ?? 0);
    const siblings = families.get(parent) ?? 1;
    const open = hiddenUnder === null;
    const row = { path, level: depth(path), position, siblings, children, open };
    rows.push(asBefore(before, row));
    if (open && lacking.has(path)) above.push(path);
  }
  while (above.length) close();
  return rows;
}

/** Which child of its parent it is, from 0. @param {string} path */
const numberOf = (path) => Number(path.slice(path.lastIndexOf(".") + 1));

/** Where the first child of `parent` is missing. @param {string} parent @returns {Row} */
function moreRow(parent) {
  const level = depth(parent) + 1;
  const path = `${parent}/more`;
  return { path, level, position: 0, siblings: 0, children: 0, open: false, more: parent };
}

/** @param {ReadonlyMap<string, Row>} rows  as they were @param {Row} row @returns {Row} */
function asBefore(rows, row) {
  const before = rows.get(row.path);
  const same =
    before &&
    before.position === row.position &&
    before.siblings === row.siblings &&
    before.children === row.children &&
    before.open === row.open;
  return same ? before : row;
}

/**
 * Whose children a snapshot leaves out, and how many each has. "" is the run itself, of whose own
 * children only the sum of all tasks tells: it may have none that are unknown all the same, where
 * some are under those that are left out.
 * @param {{run: {counts: Partial<Record<string, number>>}, complete: boolean,
 *   nodes: readonly {path: string, children: number}[]}} snapshot
 * @returns {Map<string, number>}
 */
export function lackingIn({ run, nodes, complete }) {
  /** @type {Map<string, number>} */
  const lacking = new Map();
  if (complete) return lacking;
  const families = countChildren(nodes.map((node) => node.path));
  let left = -nodes.length;
  for (const count of Object.values(run.counts)) left += count ?? 0;
  for (const { path, children } of nodes) {
    const missing = children - (families.get(path) ?? 0);
    if (missing > 0) lacking.set(path, children);
    left -= Math.max(0, missing);
  }
  return left > 0 ? lacking.set("", 0) : lacking;
}

/**
 * Those of the nodes that have children of which none is known: of them only a row need be drawn.
 * @param {ReadonlyMap<string, number>} lacking @param {(path: string) => boolean} isKnown
 * @returns {string[]}
 */
export const unopened = (lacking, isKnown) =>
  [...lacking.keys()].filter((path) => path !== "" && !isKnown(`${path}.0`));

/**
 * The number of the last child before the first one that is not known; null: the first is not.
 * @param {string} parent @param {(path: string) => boolean} isKnown
 * @returns {string|null}
 */
export function lastInRow(parent, isKnown) {
  let next = 0;
  while (isKnown(parent === "" ? String(next) : `${parent}.${next}`)) next++;
  return next === 0 ? null : String(next - 1);
}

/**
 * Its parent's path; that of the path before it where it is the same, since a string that was looked
 * up once is found faster.
 * @param {string} path @param {string} before
 */
function parentAfter(path, before) {
  const isSame = path.lastIndexOf(".") === before.length && path.startsWith(before);
  return isSame ? before : parentPath(path);
}

/** @param {readonly string[]} paths @returns {Map<string, number>} */
function countChildren(paths) {
  const families = new Map();
  let parent = "";
  for (const path of paths) {
    parent = parentAfter(path, parent);
    families.set(parent, (families.get(parent) ?? 0) + 1);
  }
  return families;
}

/** @typedef {{path: string, state: string}} Ended */

/**
 * The node somebody who arrives at a failed run wants to see: the first failure that no failure
 * of its own children explains.
 * @param {Iterable<Ended>} nodes
 * @returns {string|null}
 */
export const firstFailure = (nodes) => unexplained(nodes)[0] ?? null;

/**
 * The next such failure after that path, which may be null: before all.
 * @param {Iterable<Ended>} nodes  in tree order @param {string|null} after
 * @returns {string|null}
 */
export function failureAfter(nodes, after) {
  const isNext = (/** @type {string} */ path) => after === null || comparePaths(path, after) > 0;
  return unexplained(nodes).find(isNext) ?? null;
}

/** @param {{state: string}} node */
export const hasFailed = ({ state }) => state === "FAILURE" || state === "LOST";

/** @param {Iterable<Ended>} nodes @returns {string[]} */
function unexplained(nodes) {
  const failed = [...nodes].filter(hasFailed);
  const explained = new Set(failed.map((node) => parentPath(node.path)));
  return failed.map((node) => node.path).filter((path) => !explained.has(path));
}
