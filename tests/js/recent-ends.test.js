import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  barsOf,
  endOf,
  endSentence,
  medianDuration,
  MOST_ENDS,
  shownParents,
  summary,
  withEnd,
} from "../../static/js/model/recent-ends.js";
import { run } from "./records.js";

/** @param {number} at @param {object} [more] */
const end = (at, more = {}) => ({
  run_id: `r${at}`,
  state: /** @type {const} */ ("SUCCESS"),
  ended_at: at,
  duration: 1000,
  ...more,
});

test("a run tells of its end once it has one", () => {
  assert.equal(endOf(run()), null);
  const over = run({ state: "FAILURE", started_at: 1000, finalized_at: 3500 });
  assert.deepEqual(endOf(over), { run_id: "r1", state: "FAILURE", ended_at: 3500, duration: 2500 });
  assert.equal(endOf(run({ started_at: null, finalized_at: 5 }))?.duration, null);
});

test("an end is taken in once, newest first, and the oldest leaves", () => {
  const ends = Array.from({ length: MOST_ENDS }, (_, i) => end(MOST_ENDS - i));
  assert.equal(withEnd(ends, end(3)), ends);
  const more = withEnd(ends, end(99));
  assert.equal(more.length, MOST_ENDS);
  assert.equal(more[0].ended_at, 99);
  assert.equal(more.at(-1)?.ended_at, 2);
});

test("a run that ended twice says nothing of how long it takes", () => {
  const twice = withEnd([end(1, { state: "FAILURE" })], end(9, { run_id: "r1" }));
  assert.deepEqual(
    twice.map((one) => one.duration),
    [null, 1000],
  );
});

test("bars are drawn oldest first, as high as each took long", () => {
  const bars = barsOf([end(3, { duration: 500 }), end(2, { duration: null }), end(1)]);
  assert.deepEqual(
    bars.map(({ end: { ended_at }, height }) => [ended_at, height]),
    [
      [1, 1],
      [2, 0.14],
      [3, 0.5],
    ],
  );
});

test("a strip is told in words", () => {
  assert.equal(summary([end(1)]), "the last succeeded, usually 1.0 s");
  assert.equal(
    summary([end(3, { state: "FAILURE", duration: 9000 }), end(2, { duration: 3000 }), end(1)]),
    "2 of the last 3 runs succeeded, usually 3.0 s",
  );
  assert.equal(summary([end(1, { duration: null })]), "the last succeeded");
  assert.equal(medianDuration([]), null);
  assert.equal(endSentence(end(60_000), 120_000), "Success after 1.0 s, 1 min ago");
});

describe("the parents that have a strip", () => {
  const ends = [{ run_id: "r", state: "SUCCESS", ended_at: 1, duration: 1 }];
  const all = new Map([..."abcdefghij"].map((name) => [name, name === "b" ? [] : ends]));
  const shown = (chosen) => shownParents(all, chosen).map(([name]) => name).join("");

  test("are those that ran last", () => assert.equal(shown(""), "acdefghi"));
  test("stay where they are when one of them is chosen", () =>
    assert.equal(shown("d"), "acdefghi"));
  test("begin with the chosen one that ran longer ago", () => assert.equal(shown("j"), "jacdefgh"));
});
