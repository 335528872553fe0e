/** A node's address in its run's tree: "" the root, "0.2" the third child of the first child. */

/** @param {string} path @returns {number[]} */
export const segments = (path) => (path === "" ? [] : path.split(".").map(Number));

/** @param {string} path */
export const parentPath = (path) => path.slice(0, Math.max(0, path.lastIndexOf(".")));

/** Depth below the root; a first-level child has 1. @param {string} path */
export function depth(path) {
  if (path === "") return 0;
  let levels = 1;
  for (let at = path.indexOf("."); at !== -1; at = path.indexOf(".", at + 1)) levels++;
  return levels;
}

/** How REST names a node; the root is "-". @param {string} path */
export const pathInAddress = (path) => (path === "" ? "-" : path);

/** Every path above this one, nearest first, without the root. @param {string} path */
export function ancestors(path) {
  const found = [];
  for (let above = parentPath(path); above !== ""; above = parentPath(above)) found.push(above);
  return found;
}

/**
 * Tree order: a parent before its children, children by their number.
 * @param {string} a
 * @param {string} b
 */
export function comparePaths(a, b) {
  const left = segments(a);
  const right = segments(b);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) return left[i] - right[i];
  }
  return left.length - right.length;
}

/**
 * Both in tree order, as one. Merging beats sorting anew: a run that grows to 10,000 nodes adds a
 * few at a time.
 * @param {readonly string[]} known  in tree order @param {readonly string[]} added  in any order
 * @returns {string[]}
 */
export function mergePaths(known, added) {
  const coming = [...added].sort(comparePaths);
  const merged = [];
  let next = 0;
  for (const path of known) {
    while (next < coming.length && comparePaths(coming[next], path) < 0)
      merged.push(coming[next++]);
    merged.push(path);
  }
  return [...merged, ...coming.slice(next)];
}
