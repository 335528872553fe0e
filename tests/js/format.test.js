import assert from "node:assert/strict";
import { test } from "node:test";
import {
  briefIterations,
  elapsed,
  formatAgo,
  formatDuration,
  formatOffset,
  iterations,
  knownCompletion,
  moduleName,
  plural,
  shortName,
} from "../../static/js/model/format.js";

const meta = (more) => ({
  iteration: 0,
  total: null,
  completion: 0,
  status: "",
  message: "",
  error: null,
  ...more,
});

test("durations are as long as they need to be", () => {
  const spans = [0, 999, 59_999, 65_000, 3_600_000 * 2 + 240_000, 86_400_000 * 3];
  assert.deepEqual(
    spans.map((ms) => formatDuration(ms)),
    ["0 s", "0 s", "59 s", "1 m 05 s", "2 h 04 m", "3 d 0 h"],
  );
  assert.equal(formatDuration(1_240, true), "1.2 s");
  assert.equal(formatDuration(42, true), "42 ms");
});

test("a clock behind the server's shows no negative time", () => {
  assert.equal(elapsed({ started_at: 5_000, finalized_at: null }, 1_000), "0 s");
  assert.equal(formatAgo(5_000, 1_000), "just now");
});

test("an ended task's time does not follow the clock", () => {
  const record = { started_at: 0, finalized_at: 30_000 };
  assert.equal(elapsed(record, 90_000), elapsed(record, 900_000));
});

test("what has not started has no elapsed time", () =>
  assert.equal(elapsed({ started_at: null, finalized_at: null }, 9), ""));

test("completion is unknown without a total", () => {
  assert.equal(knownCompletion({ state: "PROGRESS", meta: meta({ iteration: 4 }) }), null);
  assert.equal(
    knownCompletion({ state: "PROGRESS", meta: meta({ iteration: 1, total: 4, completion: 25 }) }),
    25,
  );
  assert.equal(knownCompletion({ state: "PROGRESS", meta: meta({ completion: 40 }) }), 40);
  assert.equal(knownCompletion({ state: "SUCCESS", meta: meta({}) }), 100);
});

test("iterations say what is known", () => {
  assert.deepEqual(
    [meta({}), meta({ iteration: 3 }), meta({ iteration: 3, total: 1200 })].map(iterations),
    ["", "3", "3 / 1,200"],
  );
});

test("iterations too long for a row are rounded", () => {
  const shown = [
    meta({ iteration: 95, total: 100_000 }),
    meta({ iteration: 123_456, total: 9_876_543 }),
    meta({ iteration: 1_234_567_890 }),
  ].map(briefIterations);
  assert.deepEqual(shown, ["95 / 100,000", "120K / 9.9M", "1.2B"]);
});

test("task names are split at their last dot", () => {
  assert.deepEqual(
    [shortName("a.b.c"), moduleName("a.b.c"), shortName("c"), moduleName("c")],
    ["c", "a.b", "c", ""],
  );
});

test("one is not many", () =>
  assert.deepEqual([plural(1, "task"), plural(1500, "task")], ["1 task", "1,500 tasks"]));

test("a mark of the timeline is as fine as the step to the next", () => {
  assert.equal(formatOffset(5, 5), "5 ms");
  assert.equal(formatOffset(60, 20), "60 ms");
  assert.equal(formatOffset(1_005, 5), "1.005 s");
  assert.equal(formatOffset(1_020, 20), "1.02 s");
  assert.equal(formatOffset(400, 200), "0.4 s");
  assert.equal(formatOffset(61_000, 1_000), "1 m 01 s");
});
