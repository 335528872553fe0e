/** Records for the tests, as the server sends them. */

/** @param {object} [more] */
export const run = (more = {}) => ({
  id: "r1",
  name: "tasks.examples.counting.count_twice",
  label: null,
  tags: [],
  kwargs: {},
  state: "PROGRESS",
  meta: { iteration: 1, total: 10, completion: 10, status: "PROGRESS", message: "", error: null },
  steps: null,
  epoch: "e1",
  seq: 1,
  created_at: 0,
  started_at: 0,
  finalized_at: null,
  value: null,
  traceback: null,
  omitted: [],
  revoke: null,
  counts: {},
  rerun_of: null,
  ...more,
});

/** @param {string} path @param {object} [more] */
export const node = (path, more = {}) => ({
  path,
  state: "PROGRESS",
  meta: run().meta,
  children: 0,
  ...more,
});

/** @param {number} seq @param {object} [more] */
export const event = (seq, more = {}) => ({ seq, at: seq, node: node("0"), ...more });

/**
 * Covers from < seq <= to, an event for each number.
 * @param {number} from @param {number} to @param {object} [more]
 */
export const batch = (from, to, more = {}) => ({
  run_id: "r1",
  epoch: "e1",
  from,
  to,
  events: Array.from({ length: to - from }, (_, i) => event(from + i + 1)),
  ...more,
});

/** @param {number} seq @param {object} [more] */
export const snapshot = (seq, more = {}) => ({
  epoch: "e1",
  seq,
  run: run({ seq }),
  nodes: [],
  complete: true,
  ...more,
});
