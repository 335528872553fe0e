/**
 * How long a run will go on, from its own pace and from how its parent's latest runs went. Pure.
 *
 * Two guesses at the whole duration, each with how far it may be off (a part of itself):
 * - the parent's history: the median of its latest durations, off by as much as those differ;
 * - the run's pace: the time so far, divided by the part of their time that earlier runs had taken
 *   when they had come as far. Without history progress is taken to be even.
 * The more certain of them weighs more, by the inverse of its squared error. A pace is none while it is
 * not known when progress came to where it stands: of a run that stands still it would be made up
 * anew by everybody who opens its page. A guess that the run has outlived is none any more; and one that has gone on far longer than any before is of another
 * size, so that how those divided their time tells nothing of it.
 * A run that was retried has kept what had succeeded: what counts is the present try, from its own
 * beginning, and of the runs before the part that came after they had come as far.
 * `python -m bench estimate` measures how near it comes.
 */

import { depth } from "./paths.js";

/** @typedef {import("./types.js").RecentEnd} RecentEnd */

/** @typedef {{whole: number, off: number}} Guess */

/** Times the longest earlier run from which a run counts as one of another size; by judgement. */
const OUTGROWN = 3;

/** Ended runs of the parent from which its history counts. */
const LEAST_HISTORY = 3;

/** Percent of progress from which a run's own pace counts alone. */
const LEAST_PROGRESS = 10;

/** The part of the time until progress last moved, by which that may be off in a pace. */
const MOST_DOUBT = 0.5;

/**
 * No guess is taken for better than this, however alike the runs before were: pace is seldom even,
 * and the next run may be given other arguments, which changes how long it takes far more.
 */
const LEAST_OFF = { history: 0.25, pace: 0.05 };

/** How far even progress is off where nothing is known of the parent, at its start and its end. */
const OFF_UNKNOWN = { first: 0.5, last: 0.1 };

/** The median absolute deviation of a bell curve, to its standard deviation. */
const DEVIATION = 1.48;

/** Standard deviation of a place that may be anywhere within a stretch, in lengths of that. */
const ANYWHERE = 1 / Math.sqrt(12);

/**
 * @typedef {object} Moving
 * @property {number} elapsed  ms from the start of the present try to now
 * @property {number} moved  ms from that start to when its progress was last seen to change
 * @property {number} [doubt]  ms by which that may have been earlier
 * @property {number} completion  0 to 100
 * @property {number} [entered]  what it was when it came into the present tenth, if that was seen
 * @property {number} [kept]  what of it the tries before had done
 */

/** @typedef {import("./types.js").Node} Node */

/**
 * Milliseconds (ms) that are left; null as long as that would be made up; 0 if the run has outlived
 * what its history told.
 * @param {Moving} run @param {readonly RecentEnd[]} recent  ends of its parent's runs, in any order
 * @returns {number|null}
 */
export function timeLeft(run, recent) {
  const { kept = 0 } = run;
  const ended = recent.filter((end) => end.state === "SUCCESS" && end.marks?.length === 9);
  const whole = kept ? ended.map((end) => restOf(end, kept)) : ended;
  const known = whole.length >= LEAST_HISTORY;
  if (!known && gained(run) < LEAST_PROGRESS) return null;
  const guesses = [];
  if (known) guesses.push(historyOf(whole));
  const longest = Math.max(0, ...whole.map((end) => end.duration ?? 0));
  const alike = known && run.elapsed <= OUTGROWN * longest;
  const isKnown = (run.doubt ?? 0) <= MOST_DOUBT * run.moved;
  if (run.completion > kept && isKnown) guesses.push(paceOf(run, alike ? whole : []));
  const tenable = guesses.filter((one) => one.whole > run.elapsed);
  if (tenable.length) return weigh(tenable) - run.elapsed;
  return known ? 0 : null;
}

/** What the present try has done of what was left to it, 0 to 100. @param {Moving} run */
const gained = ({ completion, kept = 0 }) => (100 * (completion - kept)) / Math.max(100 - kept, 1e-9);

/**
 * An ended run as if it had begun when it had come so far.
 * @param {RecentEnd} end @param {number} kept @returns {RecentEnd}
 */
function restOf(end, kept) {
  const { duration, marks } = end;
  const whole = duration ?? 0;
  const begun = placeAt(end, wayThrough({ completion: kept })).part * whole;
  const later = (/** @type {number} */ mark) => Math.max(0, mark - begun);
  return { ...end, duration: whole - begun, marks: (marks ?? []).map(later) };
}

/**
 * What of a retried run's progress the tries before had done: as much of it as tasks that had
 * succeeded by then have of what all have done. Parents are as far as their children.
 * @param {number} completion  of the run
 * @param {Iterable<Node>} nodes  those that are known @param {number} began  ms, the present try
 * @returns {number}
 */
export function keptOf(completion, nodes, began) {
  /** @type {Map<string, {done: number, kept: number}>} */
  const below = new Map();
  const sums = (/** @type {string} */ path) => {
    const found = below.get(path) ?? { done: 0, kept: 0 };
    below.set(path, found);
    return found;
  };
  // The deepest first, so that a parent's children are known when it is its turn.
  for (const node of [...nodes].sort((a, b) => depth(b.path) - depth(a.path))) {
    const done = node.state === "SUCCESS" ? 100 : node.meta.completion;
    const isKept = node.state === "SUCCESS" && (node.finalized_at ?? began) < began;
    const children = below.get(node.path);
    const part = isKept ? 1 : children?.done ? children.kept / children.done : 0;
    const above = sums(node.parent);
    above.done += done;
    above.kept += done * part;
  }
  const { done, kept } = sums("");
  return done ? (completion * kept) / done : 0;
}

/** @param {readonly RecentEnd[]} ends @returns {Guess} */
function historyOf(ends) {
  const { whole, off } = guess(ends.map((end) => end.duration ?? 0));
  return { whole, off: Math.max(LEAST_OFF.history, off) };
}

/** @param {Moving} run @param {readonly RecentEnd[]} ends @returns {Guess} */
function paceOf(run, ends) {
  const { moved } = run;
  const done = gained(run);
  if (!ends.length) return { whole: (moved * 100) / done, off: unknownOff(done) };
  const way = wayThrough(run);
  const places = ends.map((end) => placeAt(end, way));
  const { whole: part, off } = guess(places.map((place) => place.part));
  const within = median(places.map((place) => place.length)) * way.off;
  return { whole: moved / part, off: Math.hypot(LEAST_OFF.pace, off, within / part) };
}

/** @param {number} completion */
function unknownOff(completion) {
  return OFF_UNKNOWN.first + ((OFF_UNKNOWN.last - OFF_UNKNOWN.first) * completion) / 100;
}

/**
 * How far the run is on its way through the present tenth of its progress, as a part of that, and
 * how far that may be off. Progress that goes by jumps has come to where it is at once, as that of
 * the runs before will have: so what counts is where it stood when it came into the tenth.
 * @param {Pick<Moving, "completion"|"entered"|"kept">} run
 * @returns {{tenth: number, gone: number, off: number}}
 */
function wayThrough({ completion, entered, kept = 0 }) {
  const tenth = tenthOf(completion);
  const [first, last] = [entered ?? Math.max(kept, tenth * 10), (tenth + 1) * 10];
  const gone = (completion - first) / Math.max(last - first, 1e-9);
  // Whose beginning was seen is known at both ends.
  const off = ANYWHERE * (entered === undefined ? 1 : 2 * Math.sqrt(gone * (1 - gone)));
  return { tenth, gone, off };
}

/** In which tenth of its progress a run is, from 0. @param {number} completion  0 to 100 */
export const tenthOf = (completion) => Math.min(9, Math.floor(completion / 10));

/**
 * Which part of its time an ended run had taken when it had come so far, and how much of it that
 * tenth of its progress took.
 * @param {RecentEnd} end @param {{tenth: number, gone: number}} way
 */
function placeAt({ marks, duration }, { tenth, gone }) {
  const whole = Math.max(1, duration ?? 1);
  const tenths = [0, ...(marks ?? []), whole];
  const length = (tenths[tenth + 1] - tenths[tenth]) / whole;
  return { part: Math.max(tenths[tenth] / whole + length * gone, 0.001), length };
}

/**
 * Their middle, and how far from it they lie; of a few that is known less well.
 * @param {readonly number[]} values @returns {Guess}
 */
function guess(values) {
  const middle = median(values);
  const spread = median(values.map((value) => Math.abs(value - middle)));
  const off = ((DEVIATION * spread) / Math.max(middle, 1e-9)) * (1 + 2 / values.length);
  return { whole: middle, off };
}

/** @param {readonly Guess[]} guesses @returns {number} */
function weigh(guesses) {
  const weights = guesses.map(({ off }) => 1 / off ** 2);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return guesses.reduce((total, { whole }, i) => total + (whole * weights[i]) / sum, 0);
}

/** @param {readonly number[]} values @returns {number} */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
