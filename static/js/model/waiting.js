/** Why nothing of a run moves, as far as its counts tell. */

import { plural } from "./format.js";

/** States in which a task, or a parent below the run's own, is at something. */
const ACTIVE = ["STARTED", "PROGRESS", "RETRY", "REVOKING"];
const GOING_ON = ["STARTED", "PROGRESS"];

/**
 * Words for a run that waits; empty while something in it may move.
 *
 * A parent works between its children too, so a run without tasks is not called waiting.
 * @param {{state: string, counts?: Partial<Record<string, number>>}} run  a task has no counts
 */
export function whyStill({ state, counts }) {
  if (!counts) return "";
  if (state === "PENDING") return "Waits for its turn to begin.";
  if (state === "RETRY") return "Waits for its turn to go on.";
  const waiting = counts.PENDING ?? 0;
  if (!waiting || !GOING_ON.includes(state) || ACTIVE.some((one) => counts[one])) return "";
  return `${plural(waiting, "task")} ${waiting === 1 ? "waits" : "wait"} for a worker.`;
}
