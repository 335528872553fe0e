import assert from "node:assert/strict";
import { test } from "node:test";
import { whyStill } from "../../static/js/model/waiting.js";

test("a run that has not begun waits for its turn", () => {
  assert.equal(whyStill({ state: "PENDING", counts: {} }), "Waits for its turn to begin.");
});

test("a retried run that has not begun again waits for its turn", () => {
  assert.equal(
    whyStill({ state: "RETRY", counts: { RETRY: 2, SUCCESS: 4 } }),
    "Waits for its turn to go on.",
  );
});

test("a run all of whose open tasks wait says how many do", () => {
  assert.equal(
    whyStill({ state: "STARTED", counts: { PENDING: 1, SUCCESS: 4 } }),
    "1 task waits for a worker.",
  );
  assert.equal(
    whyStill({ state: "PROGRESS", counts: { PENDING: 3 } }),
    "3 tasks wait for a worker.",
  );
});

test("a run in which something may move does not wait", () => {
  const known = () => true;
  for (const active of ["RETRY", "REVOKING"])
    assert.equal(whyStill({ state: "STARTED", counts: { PENDING: 3, [active]: 1 } }, known), "");
  for (const active of ["STARTED", "PROGRESS", "RETRY", "REVOKING"])
    assert.equal(whyStill({ state: "STARTED", counts: { PENDING: 3, [active]: 1 } }), "");
  assert.equal(whyStill({ state: "STARTED", counts: {} }), "");
  assert.equal(whyStill({ state: "STARTED", counts: { SUCCESS: 2 } }), "");
});

test("nothing is said of a run that is over or being revoked, nor of a task", () => {
  for (const state of ["SUCCESS", "FAILURE", "REVOKED", "REVOKING"])
    assert.equal(whyStill({ state, counts: { PENDING: 3 } }), "");
  assert.equal(whyStill({ state: "PENDING" }), "");
});

test("who knows what has begun says whether that only waits too", () => {
  const nested = { state: "STARTED", counts: { PENDING: 3, STARTED: 2, PROGRESS: 1 } };
  assert.equal(
    whyStill(nested, (begun) => begun === 3),
    "3 tasks wait for a worker.",
  );
  assert.equal(
    whyStill(nested, (begun) => begun !== 3),
    "",
  );
});
