/** The embeddable element's parts that need no document. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  knownCompletion,
  pause,
  readPacket,
  tellingError,
} from "../../static/js/inception-progress.js";

const run = (/** @type {string} */ state, /** @type {object} */ meta = {}) =>
  /** @type {any} */ ({ state, meta: { completion: 0, total: null, ...meta } });

test("frames are read as packets with their numbers", () => {
  assert.deepEqual(readPacket('0{"pingInterval":25}'), {
    type: "0",
    id: null,
    body: { pingInterval: 25 },
  });
  assert.deepEqual(readPacket("2"), { type: "2", id: null, body: null });
  assert.deepEqual(readPacket('437[{"a":1}]'), { type: "43", id: 7, body: [{ a: 1 }] });
  assert.deepEqual(readPacket('42["events",{}]').body, ["events", {}]);
});

test("a frame of another kind is none of ours", () => {
  assert.equal(readPacket("6").type, "");
  assert.equal(readPacket("45{}").type, "");
});

test("a message over several lines is read whole", () => {
  assert.deepEqual(readPacket('42["a",\n"b"]').body, ["a", "b"]);
});

test("an error is told without the names of tasks, and not twice", () => {
  const told = (/** @type {string} */ state, /** @type {string|null} */ error) =>
    tellingError(run(state, { error }));
  const inner = "Error in shop.tasks.pack: Error in shop.tasks.box: No box fits";
  assert.equal(told("FAILURE", inner), "No box fits");
  assert.equal(told("REVOKED", "Revoked"), "");
  assert.equal(told("PROGRESS", "so far"), "");
  assert.equal(told("FAILURE", null), "");
});

test("each try waits longer, to a bound", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 50].map(pause), [1, 2, 4, 8, 15, 15]);
});

test("progress is known once there is a total or a first percent", () => {
  assert.equal(knownCompletion(null), null);
  assert.equal(knownCompletion(run("PROGRESS")), null);
  assert.equal(knownCompletion(run("PENDING")), 0);
  assert.equal(knownCompletion(run("PROGRESS", { total: 5 })), 0);
  assert.equal(knownCompletion(run("PROGRESS", { completion: 12 })), 12);
  assert.equal(knownCompletion(run("FAILURE", { completion: 12 })), 12);
  assert.equal(knownCompletion(run("SUCCESS")), 100);
});
