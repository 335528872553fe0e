/** What one action does to many runs, and how it is said. Pure. */

import { plural } from "./format.js";
import { askedOf, countOf } from "./run-list.js";
import { FINAL, STATES } from "./states.js";

/** @typedef {import("./types.js").Run} Run */
/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Bulk} Bulk */
/** @typedef {import("./run-list.js").Filter} Filter */

/** @typedef {"revoke"|"retry"|"delete"} BulkWord */

/**
 * @typedef {object} BulkAction
 * @property {BulkWord} action
 * @property {string} word  on its button
 * @property {string} past
 * @property {string} doing
 * @property {string} done
 * @property {readonly State[]} states  of runs that it can succeed on
 * @property {string} means  what becomes of the runs
 * @property {string} otherwise  the way out
 */

/** @type {readonly BulkAction[]} */
export const BULK_ACTIONS = [
  {
    action: "revoke",
    word: "Revoke",
    past: "revoked",
    doing: "Asking to stop",
    done: "Asked to stop",
    states: STATES.filter((state) => !FINAL.has(state) && state !== "REVOKING"),
    means: "Each is stopped with everything under it. What has already ended keeps its result.",
    otherwise: "Keep them running",
  },
  {
    action: "retry",
    word: "Retry",
    past: "retried",
    doing: "Retrying",
    done: "Retried",
    states: ["FAILURE", "LOST", "REVOKED"],
    means: "Each goes on: what succeeded in it is kept, the rest starts anew.",
    otherwise: "Leave them",
  },
  {
    action: "delete",
    word: "Delete",
    past: "deleted",
    doing: "Deleting",
    done: "Deleted",
    states: STATES.filter((state) => FINAL.has(state)),
    means: "They go for good, with their tasks, values, errors and output.",
    otherwise: "Keep them",
  },
];

/** @param {string} action @returns {BulkAction} */
export const bulkAction = (action) =>
  BULK_ACTIONS.find((one) => one.action === action) ?? BULK_ACTIONS[0];

/** The runs among them that the action can succeed on. @param {BulkAction} action
 * @param {Iterable<Run>} runs */
export const fit = (action, runs) => [...runs].filter((run) => action.states.includes(run.state));

/**
 * How many runs of all that match the action can succeed on, or null while nobody counted.
 * @param {BulkAction} action @param {readonly State[]} shown  states of the filter, empty: any
 * @param {Partial<Record<string, number>>|null} counts
 */
export const countFitting = (action, shown, counts) => {
  const states = narrow(action, shown);
  return states.length ? countOf(counts, states) : 0;
};

/** @param {BulkAction} action @param {readonly State[]} shown */
const narrow = (action, shown) =>
  action.states.filter((state) => !shown.length || shown.includes(state));

/**
 * What the server is asked of all that match: as the list was read, so that nothing younger than
 * its newest row is touched.
 * @param {BulkAction} action @param {Filter} filter @param {number} newest  ms @param {number} now
 */
export function filterOf(action, filter, newest, now) {
  const { state = [], ...asked } = askedOf(filter, now);
  return { ...asked, state: narrow(action, /** @type {State[]} */ (state)), until: newest };
}

/** @param {Bulk} bulk */
export const isOver = (bulk) => bulk.finalized_at !== null;

/** "Asking to stop 3 of 40 runs", "Deleted 38 of 40 runs". @param {Bulk} bulk */
export function sentence(bulk) {
  const { doing, done } = bulkAction(bulk.action);
  if (!bulk.total) return "No run was left to act on.";
  const all = bulk.done === bulk.total;
  const number = all ? plural(bulk.total, "run") : `${bulk.done} of ${plural(bulk.total, "run")}`;
  return `${isOver(bulk) ? done : doing} ${number}${isOver(bulk) ? "." : "…"}`;
}
