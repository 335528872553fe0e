import assert from "node:assert/strict";
import { test } from "node:test";
import { RunStore } from "../../static/js/live/run-store.js";
import { stillnessOf } from "../../static/js/live/stillness.js";
import { node, run, snapshot } from "./records.js";

/** Paths whose tasks are nested parents, and how many children each has. */
const PARENTS = { 0: 1, 1: 2 };

/**
 * A run whose tasks are in those states, as one who followed it knows it.
 * @param {Record<string, string>} states  by path @param {object} [more]  of the snapshot
 */
function followed(states, more = {}) {
  const store = new RunStore();
  const still = stillnessOf(store);
  const tell = () => {
    /** @type {Record<string, number>} */
    const counts = {};
    for (const state of Object.values(states)) counts[state] = (counts[state] ?? 0) + 1;
    const nodes = Object.entries(states).map(([path, state]) =>
      node(path, {
        state,
        kind: path in PARENTS ? "parent" : "child",
        children: PARENTS[/** @type {unknown} */ (path)] ?? 0,
      }),
    );
    store.reset(snapshot(1, { run: run({ state: "STARTED", counts }), nodes, ...more }));
  };
  tell();
  return {
    store,
    still,
    /** @param {Record<string, string>} changes */
    move(changes) {
      Object.assign(states, changes);
      tell();
    },
  };
}

const WAITING = { 0: "STARTED", "0.0": "PENDING", 1: "PROGRESS", "1.0": "SUCCESS", "1.1": "PENDING" };

test("a run stands still while all parents in it only wait for tasks that wait", () => {
  const { still, move } = followed({ ...WAITING });
  assert.equal(still.value, "2 tasks wait for a worker.");
  move({ "1.1": "STARTED" });
  assert.equal(still.value, "");
  move({ "1.1": "SUCCESS", 2: "PENDING" }); // parent 1 works itself now
  assert.equal(still.value, "");
  move({ 1: "SUCCESS" });
  assert.equal(still.value, "2 tasks wait for a worker.");
});

test("nothing is said of a run of which not all is known", () => {
  const { store, still } = followed({ ...WAITING });
  store.nodes.delete("1");
  store.run.value = { .../** @type {any} */ (store.run.peek()) };
  store.paths.value = [...store.nodes.keys()];
  assert.equal(still.value, "");
});
