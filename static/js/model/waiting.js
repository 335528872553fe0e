/** Why nothing of a run moves, as far as its records tell. Pure. */

import { plural } from "./format.js";
import { isFinal } from "./states.js";

/** @typedef {{state: string, counts?: Partial<Record<string, number>>}} Counted  a task has none */
/** @typedef {Pick<import("./types.js").Node, "path"|"state"|"children">} Held */

const GOING_ON = ["STARTED", "PROGRESS"];

/** Whether it has begun and is at something. @param {string} state */
export const isGoingOn = (state) => GOING_ON.includes(state);

/**
 * Words for a run that waits; empty while something in it may move.
 *
 * A parent works between its children too, so a run without tasks is not called waiting.
 * @param {Counted} run
 * @param {(begun: number) => boolean} [onlyWait]  whether all tasks that have begun, so many of them,
 *   are parents that wait as the run itself does; the counts alone can't tell
 */
export function whyStill({ state, counts }, onlyWait = () => false) {
  if (!counts) return "";
  if (state === "PENDING") return "Waits for its turn to begin.";
  if (state === "RETRY") return "Waits for its turn to go on.";
  const { PENDING = 0, STARTED = 0, PROGRESS = 0, RETRY = 0, REVOKING = 0 } = counts;
  if (!PENDING || RETRY || REVOKING || !isGoingOn(state)) return "";
  const begun = STARTED + PROGRESS;
  if (begun > 0 && !onlyWait(begun)) return "";
  return `${plural(PENDING, "task")} ${PENDING === 1 ? "waits" : "wait"} for a worker.`;
}

/**
 * How many of these parents have begun and have a child that has not ended. All of it: one that has
 * none is at work itself, between two of its children.
 * @param {readonly Held[]} parents
 * @param {(path: string) => {state: string}|undefined} nodeAt
 */
export const waitingParents = (parents, nodeAt) =>
  parents.filter((one) => isGoingOn(one.state) && hasOpenChild(one, nodeAt)).length;

/** The latest are looked at first: mostly they are those. @param {Held} parent
 * @param {(path: string) => {state: string}|undefined} nodeAt */
function hasOpenChild({ path, children }, nodeAt) {
  for (let number = children - 1; number >= 0; number--) {
    const child = nodeAt(`${path}.${number}`);
    if (child && !isFinal(child.state)) return true;
  }
  return false;
}
