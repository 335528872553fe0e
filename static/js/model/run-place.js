/** Where on a run's page somebody is, as it stands in the address: which task, which tab. Pure. */

/**
 * @typedef {object} Place
 * @property {string|null} node  a path; null: the run itself
 * @property {string} tab  "" is the one that suits what is open
 */

/** @param {string} search  of the address @returns {Place} */
export function readPlace(search) {
  const query = new URLSearchParams(search);
  return { node: query.get("node") || null, tab: query.get("tab") ?? "" };
}

/** @param {Place} place @returns {string} the query with its "?", or "" */
export function writePlace({ node, tab }) {
  const query = new URLSearchParams();
  if (node !== null) query.set("node", node);
  if (tab) query.set("tab", tab);
  const text = query.toString();
  return text ? `?${text}` : "";
}
