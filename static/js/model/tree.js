/** From the paths a client knows to the rows it draws. Pure: paths in, rows out. */

import { depth, parentPath } from "./paths.js";

/**
 * @typedef {object} Row
 * @property {string} path
 * @property {number} level  from 1
 * @property {number} position  among its siblings, from 1
 * @property {number} siblings
 * @property {number} children  that this client has
 * @property {boolean} open
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
 * @returns {Row[]}
 */
export function visibleRows(paths, folded, before = new Map()) {
  const families = countChildren(paths);
  const seen = new Map();
  /** @type {Row[]} */
  const rows = [];
  /** @type {string|null} */
  let hiddenUnder = null;
  for (const path of paths) {
    const parent = parentPath(path);
    const position = (seen.get(parent) ?? 0) + 1;
    seen.set(parent, position);
    if (hiddenUnder !== null && path.startsWith(hiddenUnder)) continue;
    hiddenUnder = folded.has(path) ? `${path}.` : null;
    const children = families.get(path) ?? 0;
    const siblings = families.get(parent) ?? 1;
    const open = hiddenUnder === null;
    const row = { path, level: depth(path), position, siblings, children, open };
    rows.push(asBefore(before.get(path), row));
  }
  return rows;
}

/** @param {Row|undefined} before @param {Row} row @returns {Row} */
function asBefore(before, row) {
  const same =
    before &&
    before.position === row.position &&
    before.siblings === row.siblings &&
    before.children === row.children &&
    before.open === row.open;
  return same ? before : row;
}

/** @param {readonly string[]} paths @returns {Map<string, number>} */
function countChildren(paths) {
  const families = new Map();
  for (const path of paths) {
    const parent = parentPath(path);
    families.set(parent, (families.get(parent) ?? 0) + 1);
  }
  return families;
}

/**
 * The node somebody who arrives at a failed run wants to see: the first failure that no failure
 * of its own children explains.
 * @param {Iterable<{path: string, state: string}>} nodes
 * @returns {string|null}
 */
export function firstFailure(nodes) {
  const failed = [...nodes].filter((node) => node.state === "FAILURE" || node.state === "LOST");
  const explained = new Set(failed.map((node) => parentPath(node.path)));
  return failed.find((node) => !explained.has(node.path))?.path ?? null;
}
