import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { marks, place, segments, shift, wholeSpan, zoom } from "../../static/js/model/timeline.js";

const times = (more) => ({
  state: "SUCCESS",
  attempt: 1,
  attempts: [],
  queued_at: 100,
  started_at: 200,
  finalized_at: 500,
  ...more,
});
const brief = (node) => segments(node).map(({ kind, from, to, state }) => [kind, from, to, state]);
const whole = { from: 0, to: 1000 };

describe("the segments of a task", () => {
  test("are its waiting and its running", () => {
    assert.deepEqual(brief(times()), [
      ["waiting", 100, 200, "PENDING"],
      ["running", 200, 500, "SUCCESS"],
    ]);
  });

  test("go on while it waits or runs", () => {
    assert.deepEqual(brief(times({ started_at: null, finalized_at: null })), [
      ["waiting", 100, null, "PENDING"],
    ]);
    assert.equal(brief(times({ finalized_at: null })).at(-1)[2], null);
  });

  test("are waiting alone for one that never started", () => {
    assert.deepEqual(brief(times({ started_at: null, state: "REVOKED" })), [
      ["waiting", 100, 500, "PENDING"],
    ]);
  });

  test("are none before it was sent", () => {
    assert.deepEqual(
      brief(times({ queued_at: null, started_at: null, finalized_at: null })),
      [],
    );
  });

  test("have a running part for each attempt, also if the node was queued anew", () => {
    const earlier = { attempt: 1, state: "LOST", started_at: 20, finalized_at: 80 };
    const node = times({ attempt: 2, attempts: [earlier] });
    assert.deepEqual(brief(node), [
      ["running", 20, 80, "LOST"],
      ["waiting", 80, 200, "PENDING"],
      ["running", 200, 500, "SUCCESS"],
    ]);
    assert.deepEqual(
      segments(node).map((part) => part.attempt),
      [1, 2, 2],
    );
  });
});

describe("a segment in the stretch shown", () => {
  const segment = (from, to) => ({ kind: "running", from, to, state: "STARTED", attempt: 1 });

  test("stands where its times are, and ends now while it goes on", () => {
    assert.deepEqual(place(segment(250, 500), whole, 0), { start: 0.25, length: 0.25 });
    assert.deepEqual(place(segment(250, null), whole, 750), { start: 0.25, length: 0.5 });
  });

  test("is cut to what is shown, and has no length out of sight", () => {
    assert.deepEqual(place(segment(-100, 2000), whole, 0), { start: 0, length: 1 });
    assert.equal(place(segment(1200, 1300), whole, 0).length, 0);
    assert.equal(place(segment(-20, -10), whole, 0).length, 0);
  });
});

describe("the stretch shown", () => {
  test("is the whole run, up to now while it goes on", () => {
    assert.deepEqual(wholeSpan({ created_at: 10, finalized_at: null }, 500), { from: 10, to: 500 });
    assert.deepEqual(wholeSpan({ created_at: 10, finalized_at: 90 }, 500), { from: 10, to: 90 });
    assert.ok(wholeSpan({ created_at: 10, finalized_at: 10 }, 500).to > 10);
  });

  test("keeps in place what it is zoomed around, and ends as the whole", () => {
    assert.deepEqual(zoom(whole, whole, 2, 0.5), { from: 250, to: 750 });
    assert.deepEqual(zoom(whole, whole, 2, 1), { from: 500, to: 1000 });
    assert.equal(zoom({ from: 250, to: 750 }, whole, 0.5, 0.5), whole);
    assert.equal(zoom({ from: 500, to: 512 }, whole, 100, 0).to, 510);
  });

  test("does not leave the run", () => {
    assert.deepEqual(shift({ from: 100, to: 300 }, whole, -5), { from: 0, to: 200 });
    assert.deepEqual(shift({ from: 100, to: 300 }, whole, 50), { from: 800, to: 1000 });
    assert.deepEqual(shift({ from: 100, to: 300 }, whole, 0.5), { from: 200, to: 400 });
  });
});

describe("the marks of the axis", () => {
  test("are round times since the beginning, no more than have room", () => {
    const found = marks({ from: 5000, to: 35_000 }, 5000, 6);
    assert.deepEqual(
      found.map((mark) => mark.at),
      [0, 5000, 10_000, 15_000, 20_000, 25_000, 30_000],
    );
    assert.equal(found[3].where, 0.5);
  });

  test("say nothing right before the end, where their words would be cut off", () => {
    const found = marks({ from: 0, to: 41_000 }, 0, 5);
    assert.deepEqual(
      found.map((mark) => [mark.at, mark.said]),
      [[0, true], [10_000, true], [20_000, true], [30_000, true], [40_000, false]],
    );
  });

  test("are only those in sight when zoomed in", () => {
    const found = marks({ from: 1450, to: 1650 }, 1000, 4);
    assert.deepEqual(
      found.map((mark) => mark.at),
      [450, 500, 550, 600, 650],
    );
  });
});
