/** Order and membership of the list of runs. Pure. */

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
 * @typedef {{state: string, q: string}} Filter
 */

/** @param {string} search  of the address @returns {Filter} */
export function readFilter(search) {
  const query = new URLSearchParams(search);
  return { state: query.get("state") ?? "", q: query.get("q") ?? "" };
}

/** @param {Filter} filter @returns {string} the query with its "?", or "" */
export function writeFilter(filter) {
  const query = new URLSearchParams();
  if (filter.state) query.set("state", filter.state);
  if (filter.q) query.set("q", filter.q);
  const text = query.toString();
  return text ? `?${text}` : "";
}
