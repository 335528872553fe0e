/** What the states are called, how they are grouped and which of them are final. */

/** @typedef {import("./types.js").State} State */

/** @type {ReadonlySet<string>} */
export const FINAL = new Set(["SUCCESS", "FAILURE", "REVOKED", "LOST"]);

/** In the order in which a legend or a summary names them. @type {readonly State[]} */
export const STATES = [
  "SUCCESS",
  "PROGRESS",
  "STARTED",
  "RETRY",
  "REVOKING",
  "PENDING",
  "FAILURE",
  "LOST",
  "REVOKED",
];

/** @type {Readonly<Record<string, string>>} */
const WORDS = {
  PENDING: "Pending",
  STARTED: "Started",
  PROGRESS: "Progress",
  RETRY: "Retry",
  REVOKING: "Revoking",
  SUCCESS: "Success",
  FAILURE: "Failure",
  REVOKED: "Revoked",
  LOST: "Lost",
};

/**
 * @typedef {object} StateFilter
 * @property {string} key  what stands in the address
 * @property {string} word
 * @property {State[]} states  empty: every state
 */

/** The groups the list of runs is filtered by. @type {readonly StateFilter[]} */
export const STATE_FILTERS = [
  { key: "", word: "All", states: [] },
  {
    key: "active",
    word: "Active",
    states: ["PENDING", "STARTED", "PROGRESS", "RETRY", "REVOKING"],
  },
  { key: "success", word: "Success", states: ["SUCCESS"] },
  { key: "failure", word: "Failure", states: ["FAILURE", "LOST"] },
  { key: "revoked", word: "Revoked", states: ["REVOKED"] },
];

/** The states behind a filter's word; empty: any. @param {string} key @returns {State[]} */
export const statesOf = (key) => STATE_FILTERS.find((one) => one.key === key)?.states ?? [];

/** Who asked for it, and why. @param {string} state @param {import("./types.js").Revoke} revoke */
export function revokeWords(state, { by, reason }) {
  const words = `${isFinal(state) ? "Revoked" : "Being revoked"} by ${by}`;
  return reason ? `${words}: ${reason}` : `${words}.`;
}

/** @param {string} state */
export const isFinal = (state) => FINAL.has(state);

/**
 * The error worth showing: that of an ended attempt, unless it only repeats the state.
 * @param {{state: string, meta: {error: string|null}}} record
 * @returns {string|null}
 */
export function tellingError({ state, meta }) {
  if (!isFinal(state) && state !== "RETRY") return null;
  return meta.error?.toUpperCase() === state ? null : meta.error;
}

/**
 * The error as a row has room for it: without the "Error in <task>: " before each cause.
 * @param {string} error
 */
export const briefError = (error) => error.replace(/^(Error in [\w.]+: )+(?=.)/, "");

/** A state of a newer server is shown by its own name. @param {string} state */
export const stateWord = (state) => WORDS[state] ?? state;

/**
 * The class that colours a state; unknown ones are drawn like a waiting task.
 * @param {string} state
 */
export const stateTone = (state) => (state in WORDS ? state.toLowerCase() : "pending");
