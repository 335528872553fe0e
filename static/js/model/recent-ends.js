/** How the latest runs of each parent ended: bars of a strip, and what they come to. Pure. */

import { formatAgo, formatDuration, plural } from "./format.js";
import { stateWord } from "./states.js";

/** @typedef {import("./types.js").RecentEnd} RecentEnd */
/** @typedef {import("./types.js").Run} Run */

/** Ends that are kept of each parent, as many as the server does. */
export const MOST_ENDS = 20;

/** Parents that have a strip, those that ran last; the others are found by their name. */
const MOST_PARENTS = 8;

/** The lowest bar, in parts of the highest: a run of no time at all was a run too. */
const LOWEST = 0.14;

/** A run's record as the end it tells of, or null. @param {Run} run @returns {RecentEnd|null} */
export function endOf({ id, state, started_at, finalized_at }) {
  if (finalized_at === null) return null;
  const duration = started_at === null ? null : finalized_at - started_at;
  return { run_id: id, state, ended_at: finalized_at, duration };
}

/**
 * The ends with one more, newest first. A run that ended before was retried: what it kept took no
 * time, so that how long it took says nothing.
 * @param {readonly RecentEnd[]} ends @param {RecentEnd} end @returns {readonly RecentEnd[]}
 */
export function withEnd(ends, end) {
  const before = ends.find((one) => one.run_id === end.run_id);
  if (before && before.ended_at >= end.ended_at) return ends;
  const added = before ? { ...end, duration: null } : end;
  return [added, ...ends].sort((a, b) => b.ended_at - a.ended_at).slice(0, MOST_ENDS);
}

/**
 * The parents whose latest runs are shown: those that ran last, and first of all the chosen one if
 * it is not among them.
 * @param {ReadonlyMap<string, readonly RecentEnd[]>} all  the last heard first
 * @param {string} chosen  its name, or ""
 * @returns {[string, readonly RecentEnd[]][]}
 */
export function shownParents(all, chosen) {
  const ended = [...all].filter(([, ends]) => ends.length);
  const older = ended.slice(MOST_PARENTS).filter(([name]) => name === chosen);
  return [...older, ...ended].slice(0, MOST_PARENTS);
}

/**
 * Oldest first, as a strip is read, each as high as it took long.
 * @param {readonly RecentEnd[]} ends
 * @returns {{end: RecentEnd, height: number}[]}  height from 0 to 1
 */
export function barsOf(ends) {
  const longest = Math.max(1, ...ends.map((end) => end.duration ?? 0));
  return [...ends].reverse().map((end) => ({
    end,
    height: Math.max(LOWEST, (end.duration ?? 0) / longest),
  }));
}

/** The duration in the middle of those that are known (ms), or null.
 * @param {readonly RecentEnd[]} ends */
export function medianDuration(ends) {
  const known = ends.flatMap((end) => end.duration ?? []).sort((a, b) => a - b);
  return known.length ? known[Math.floor((known.length - 1) / 2)] : null;
}

/** "18 of 20 succeeded, usually 3.2 s". @param {readonly RecentEnd[]} ends */
export function summary(ends) {
  const good = ends.filter((end) => end.state === "SUCCESS").length;
  const usual = medianDuration(ends);
  const outcome =
    good === ends.length
      ? `${ends.length === 1 ? "the last" : `the last ${ends.length}`} succeeded`
      : `${good} of the last ${plural(ends.length, "run")} succeeded`;
  return usual === null ? outcome : `${outcome}, usually ${formatDuration(usual, true)}`;
}

/** "Failure after 3.2 s, 5 min ago". @param {RecentEnd} end @param {number} now */
export function endSentence(end, now) {
  const took = end.duration === null ? "" : ` after ${formatDuration(end.duration, true)}`;
  return `${stateWord(end.state)}${took}, ${formatAgo(end.ended_at, now)}`;
}
