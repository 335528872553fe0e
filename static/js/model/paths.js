/** A node's address in its run's tree: "" the root, "0.2" the third child of the first child. */

/** Code of the digit 0. */
const ZERO = 48;

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
 * Tree order: a parent before its children, children by their number. Read in place, as a run that
 * grows compares thousands of them a second.
 * @param {string} a
 * @param {string} b
 */
export function comparePaths(a, b) {
  let [at, beside] = [0, 0];
  while (at < a.length && beside < b.length) {
    const [left, right] = [endOfSegment(a, at), endOfSegment(b, beside)];
    const apart = numberIn(a, at, left) - numberIn(b, beside, right);
    if (apart !== 0) return apart;
    [at, beside] = [left + 1, right + 1];
  }
  return Number(at < a.length) - Number(beside < b.length);
}

/** @param {string} path @param {number} from */
function endOfSegment(path, from) {
  const end = path.indexOf(".", from);
  return end === -1 ? path.length : end;
}

/** @param {string} path @param {number} from @param {number} to */
function numberIn(path, from, to) {
  let number = 0;
  for (let at = from; at < to; at++) number = number * 10 + path.charCodeAt(at) - ZERO;
  return number;
}

/**
 * Both in tree order, as one. Each that comes is looked up, not each that is known: a run that
 * grows to 10,000 nodes adds a few at a time.
 * @param {readonly string[]} known  in tree order @param {readonly string[]} added  in any order
 * @returns {string[]}
 */
export function mergePaths(known, added) {
  const merged = [];
  let next = 0;
  for (const path of [...added].sort(comparePaths)) {
    const place = placeOf(path, known, next);
    while (next < place) merged.push(known[next++]);
    merged.push(path);
  }
  while (next < known.length) merged.push(known[next++]);
  return merged;
}

/** How many of those known, of which the first come before it, do. @param {string} path
 * @param {readonly string[]} known  in tree order @param {number} least @returns {number} */
function placeOf(path, known, least) {
  let [low, high] = [least, known.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparePaths(known[middle], path) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
