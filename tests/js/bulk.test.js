import assert from "node:assert/strict";
import { test } from "node:test";
import { bulkAction, countFitting, filterOf, fit, sentence } from "../../static/js/model/bulk.js";
import { brief, briefCall } from "../../static/js/model/arguments.js";
import { describeFilter, NO_FILTER } from "../../static/js/model/run-list.js";
import { run } from "./records.js";

const RUNS = ["PENDING", "REVOKING", "SUCCESS", "FAILURE", "REVOKED"].map((state) =>
  run({ id: state, state }),
);
const states = (/** @type {string} */ action) =>
  fit(bulkAction(action), RUNS).map((one) => one.state);

/** @param {object} [more] */
const bulk = (more = {}) => ({
  id: "b",
  action: "revoke",
  by: "anna",
  total: 40,
  done: 3,
  failed: 0,
  failures: [],
  created_at: 1,
  finalized_at: null,
  ...more,
});

test("each action is tried on the runs it can succeed on", () => {
  assert.deepEqual(states("revoke"), ["PENDING"]);
  assert.deepEqual(states("retry"), ["FAILURE", "REVOKED"]);
  assert.deepEqual(states("delete"), ["SUCCESS", "FAILURE", "REVOKED"]);
});

test("of all that match, those in a fitting state of the filter are counted", () => {
  const counts = { SUCCESS: 5, FAILURE: 2, STARTED: 3 };
  assert.equal(countFitting(bulkAction("delete"), [], counts), 7);
  assert.equal(countFitting(bulkAction("delete"), ["FAILURE", "LOST"], counts), 2);
  assert.equal(countFitting(bulkAction("revoke"), ["SUCCESS"], counts), 0);
  assert.equal(countFitting(bulkAction("delete"), [], null), null);
});

test("the server is asked for what matched when the list was read, and nothing younger", () => {
  const filter = { ...NO_FILTER, state: "failure", q: "x", time: "1h" };
  assert.deepEqual(filterOf(bulkAction("delete"), filter, 9_000_000, 10_000_000), {
    q: "x",
    since: 6_400_000,
    state: ["FAILURE", "LOST"],
    until: 9_000_000,
  });
});

test("progress is said in words, and differs from the end", () => {
  assert.equal(sentence(bulk()), "Asking to stop 3 of 40 runs…");
  assert.equal(sentence(bulk({ done: 40, finalized_at: 2 })), "Asked to stop 40 runs.");
  assert.equal(
    sentence(bulk({ action: "delete", done: 38, failed: 2, finalized_at: 2 })),
    "Deleted 38 of 40 runs.",
  );
  const none = bulk({ total: 0, done: 0, finalized_at: 2 });
  assert.equal(sentence(none), "No run was left to act on.");
});

test("a filter is told as a person would", () => {
  assert.equal(describeFilter(NO_FILTER), "no filter, all runs");
  assert.equal(
    describeFilter({ ...NO_FILTER, state: "failure", time: "24h", q: "import" }),
    "state Failure, last 24 hours, “import”",
  );
});

test("arguments are brief, and secrets are not among them", () => {
  const schema = { properties: { key: { type: "string", format: "password" } } };
  assert.equal(brief({ limit: 3, key: "hunter2" }, schema), "limit=3, key=•••");
  assert.equal(brief({ a: "x".repeat(50) }), `a="${"x".repeat(26)}…`);
  assert.equal(brief({ a: 1, b: 2, c: 3, d: 4, e: 5 }), "a=1, b=2, c=3, d=4, …");
  assert.equal(brief(null), "");
});

test("what a task was called with is brief, texts without their quotes", () => {
  assert.equal(briefCall({ args: ["0001.jpg", 640, null], kwargs: { wide: true } }),
    "0001.jpg, 640, null, wide=true");
  assert.equal(briefCall({ args: [1, 2, 3, 4, 5], kwargs: {} }), "1, 2, 3, 4, …");
  assert.equal(briefCall({ args: null, kwargs: null }), "");
});
