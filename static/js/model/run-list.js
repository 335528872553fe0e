/** Order and membership of the list of runs. Pure. */

import { STATE_FILTERS, statesOf } from "./states.js";

/** @typedef {import("./types.js").Run} Run */

/** Newest first; runs of one millisecond keep a stable order. @param {Run} a @param {Run} b */
export const newestFirst = (a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1);

/**
 * Whether a record may replace the one we show. A page that was read while changes were under way
 * can be older than a change that overtook it.
 * @param {Run|undefined} shown @param {Run} offered
 */
export function isNewer(shown, offered) {
  return !shown || shown.epoch !== offered.epoch || offered.seq >= shown.seq;
}

/**
 * The filter of the list, as it stands in the page's address.
 * @typedef {object} Filter
 * @property {string} state  the key of one of `STATE_FILTERS`
 * @property {string} name  of a parent; "" any
 * @property {string} time  the key of one of `TIMES`; "" any
 * @property {string} q  words
 */

const HOUR = 3_600_000;

/**
 * How far back the list reaches; `span` in ms.
 * @type {readonly {key: string, word: string, span: number}[]}
 */
export const TIMES = [
  { key: "1h", word: "Last hour", span: HOUR },
  { key: "24h", word: "Last 24 hours", span: 24 * HOUR },
  { key: "7d", word: "Last 7 days", span: 168 * HOUR },
  { key: "30d", word: "Last 30 days", span: 720 * HOUR },
];

/** @type {Readonly<Filter>} */
export const NO_FILTER = { state: "", name: "", time: "", q: "" };

/** @type {readonly (keyof Filter)[]} */
const PARTS = ["state", "name", "time", "q"];

/** @param {string} search  of the address @returns {Filter} */
export function readFilter(search) {
  const query = new URLSearchParams(search);
  const filter = { ...NO_FILTER };
  for (const part of PARTS) filter[part] = query.get(part) ?? "";
  return filter;
}

/** @param {Filter} filter @returns {string} the query with its "?", or "" */
export function writeFilter(filter) {
  const query = new URLSearchParams();
  for (const part of PARTS) if (filter[part]) query.set(part, filter[part]);
  return query.size ? `?${query}` : "";
}

/** @param {Filter} filter */
export const isFiltered = (filter) => PARTS.some((part) => filter[part]);

/** The filter as a person would say it. @param {Filter} filter */
export function describeFilter(filter) {
  const state = STATE_FILTERS.find((one) => one.key === filter.state)?.word;
  const time = TIMES.find((one) => one.key === filter.time)?.word.toLowerCase();
  const words = [filter.state ? `state ${state}` : "", filter.name, time ?? "", quoted(filter.q)];
  return words.filter(Boolean).join(", ") || "no filter, all runs";
}

/** @param {string} words */
const quoted = (words) => (words ? `“${words}”` : "");

/**
 * The filter in the words of the interface.
 * @typedef {{state?: string[], name?: string, since?: number, q?: string}} Asked
 */

/** @param {Filter} filter @param {number} now  ms @returns {Asked} */
export function askedOf(filter, now) {
  const states = statesOf(filter.state);
  const time = TIMES.find((one) => one.key === filter.time);
  return {
    ...(states.length ? { state: [...states] } : {}),
    ...(filter.name ? { name: filter.name } : {}),
    ...(time ? { since: Math.max(0, now - time.span) } : {}),
    ...(filter.q ? { q: filter.q } : {}),
  };
}

/** The same as a query of REST, with its "?". @param {Filter} filter @param {number} now */
export function filterQuery(filter, now) {
  const { state = [], ...words } = askedOf(filter, now);
  const query = new URLSearchParams(state.map((one) => ["state", one]));
  for (const [word, value] of Object.entries(words)) query.set(word, String(value));
  return query.size ? `?${query}` : "";
}

/**
 * How many runs the tab of a group of states shows, or null while nobody counted.
 * @param {Partial<Record<string, number>>|null} counts
 * @param {readonly string[]} states  empty: every state
 */
export function countOf(counts, states) {
  if (!counts) return null;
  const counted = states.length ? states : Object.keys(counts);
  return counted.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
}
