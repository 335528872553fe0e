/** How long a run will go on. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { signal } from "@preact/signals";
import { History } from "../../static/js/live/history.js";
import { keptOf, timeLeft } from "../../static/js/model/estimate.js";
import { formatLeft } from "../../static/js/model/format.js";

const EVEN = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((tenth) => tenth / 10);

/** @param {number} duration @param {number[]} shape  parts of it at 10, 20 … 90 % */
const end = (duration, shape = EVEN, more = {}) =>
  /** @type {any} */ ({
    state: "SUCCESS",
    duration,
    marks: shape.map((part) => part * duration),
    ...more,
  });

/** @param {number} elapsed @param {number} completion */
const at = (elapsed, completion, moved = elapsed) => ({ elapsed, moved, completion });

/** @param {number|null} value @param {number} wanted @param {number} within  a part of it */
function near(value, wanted, within = 0.1) {
  assert.ok(value !== null && Math.abs(value - wanted) <= within * wanted, `${value} ≉ ${wanted}`);
}

test("nothing is said before a tenth is done or three runs of the parent have ended", () => {
  assert.equal(timeLeft(at(1000, 9), []), null);
  assert.equal(timeLeft(at(1000, 9), [end(5000), end(5000)]), null);
  near(timeLeft(at(1000, 10), []), 9000);
  near(timeLeft(at(1000, 0), [end(5000), end(5000), end(5000)]), 4000);
});

test("failed, revoked and retried runs are no history", () => {
  const others = [
    end(9000, [0.5], { state: "FAILURE" }),
    end(9000, EVEN, { state: "REVOKED" }),
    end(0, [], { duration: null, marks: [] }),
  ];
  assert.equal(timeLeft(at(1000, 5), [...others, end(5000), end(5000)]), null);
});

test("a run that is slower than those before goes by its own pace", () => {
  const before = [1000, 10_000, 3000, 60_000].map((duration) => end(duration));
  near(timeLeft(at(20_000, 50), before), 20_000);
});

test("progress that is quick at first and slow at last is known from the runs before", () => {
  const late = [0.02, 0.04, 0.06, 0.08, 0.1, 0.2, 0.3, 0.4, 0.5];
  const before = [10_000, 40_000, 20_000].map((duration) => end(duration, late));
  near(timeLeft(at(3000, 50), before), 27_000);
});

test("where progress stands still, the durations of the runs before tell", () => {
  const early = [0.1, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3];
  const before = [10_000, 10_100, 9900, 10_000].map((duration) => end(duration, early));
  near(timeLeft(at(5000, 99.99, 3100), before), 5000, 0.2);
});

test("a run of another size isn't held against how the runs before divided their time", () => {
  const lateStart = [0.91, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99];
  const small = [end(60, lateStart), end(80, lateStart), end(70, lateStart)];
  near(timeLeft(at(100_000, 2), small), 4_900_000);
  near(timeLeft(at(40, 5), small), 30, 0.5);
});

test("what goes on for longer than was thought is never less than nothing", () => {
  const before = [end(5000), end(5000), end(5000)];
  assert.equal(timeLeft(at(60_000, 50, 2500), before), 0);
});

test("a run without history that stands still for longer than its pace told has no estimate", () => {
  assert.equal(timeLeft(at(5000, 99.99, 1000), []), null);
  near(timeLeft(at(5000, 99.99, 1000), [end(9000), end(9000), end(9000)]), 4000);
});

test("time left is said no finer than it is known", () => {
  assert.deepEqual(
    [100, 7000, 47_000, 52_000, 200_000, 7e6, 2e8].map(formatLeft),
    ["a few seconds", "about 5 s", "about 45 s", "about 1 min", "about 3 min", "about 2 h",
      "about 2 days"],
  );
});

test("a pace is made up while nobody knows when progress came to where it stands", () => {
  const stalled = { ...at(3_600_000, 99), doubt: 3_599_000 };
  assert.equal(timeLeft(stalled, []), null);
  near(timeLeft({ ...at(10_000, 50), doubt: 2000 }, []), 10_000);
  near(timeLeft(stalled, [end(4e6), end(4e6), end(4e6)]), 400_000);
});

describe("a run that was retried", () => {
  const half = { ...at(10_000, 75), kept: 50 };

  test("goes at the pace of the present try, in what was left to it", () => {
    near(timeLeft(half, []), 10_000);
    near(timeLeft({ ...at(60_000, 75, 15_000), kept: 50 }, []) ?? 1, 1, 0);
    assert.equal(timeLeft({ ...at(1000, 54), kept: 50 }, []), null);
    near(timeLeft({ ...at(1000, 55), kept: 50 }, []), 9000);
  });

  test("takes as long as the same part of the runs before took", () => {
    near(timeLeft({ ...at(1000, 50), kept: 50 }, [end(40_000), end(40_000), end(40_000)]), 19_000);
    const late = [0.01, 0.02, 0.03, 0.04, 0.1, 0.2, 0.3, 0.4, 0.5];
    const before = [40_000, 40_000, 40_000].map((duration) => end(duration, late));
    near(timeLeft({ ...at(1000, 50), kept: 50 }, before), 35_000);
  });

  test("has kept what had succeeded before, at any depth", () => {
    const task = (/** @type {string} */ path, completion = 0, ended = 0) =>
      /** @type {any} */ ({
        path,
        parent: path.slice(0, Math.max(0, path.lastIndexOf("."))),
        state: ended ? "SUCCESS" : "PROGRESS",
        finalized_at: ended || null,
        meta: { completion },
      });
    const nodes = [task("0", 100, 5), task("1", 75), task("1.0", 100, 6), task("1.1", 50), task("2")];
    near(keptOf(58.33, nodes, 10), 50, 0.001);
    assert.equal(keptOf(100, [task("0", 100, 11)], 10), 0);
    assert.equal(keptOf(0, [], 10), 0);
  });
});

describe("progress that goes by steps", () => {
  /** When eight steps, each as long as the others, have come to 10, 20 … 90 %. */
  const steps = [1, 2, 3, 4, 4, 5, 6, 7, 8].map((step) => step / 8);
  const before = [8000, 8000, 8000].map((duration) => end(duration, steps));

  test("is held against when the runs before came to the same step", () => {
    near(timeLeft({ ...at(3500, 37.5, 3000), entered: 37.5 }, before), 4500, 0.05);
    near(timeLeft({ ...at(6000, 50, 5000), entered: 50 }, before), 4000, 0.05);
  });

  test("goes on within a tenth from where it came into that", () => {
    const left = (/** @type {number} */ completion) =>
      timeLeft({ ...at(4200, completion, 4200), entered: 52 }, before) ?? 0;
    assert.ok(left(52) > left(56) && left(56) > left(59.9));
  });
});

describe("what a page has seen of the progress", () => {
  /** A page's history, its run and its connection, as the test moves them. */
  function watched(completion = 0, { state: of = "SUCCESS", ends = [], tasks = [], ...more } = {}) {
    const first = { state: of, started_at: 0, meta: { completion }, ...more };
    const run = signal(/** @type {any} */ (first));
    const ended = { state: "SUCCESS", parent: "", meta: { completion: 100 } };
    const all = [...ends.map((end) => ({ ...ended, finalized_at: end })), ...tasks];
    const nodes = new Map(all.map((node, n) => [String(n), signal({ path: String(n), ...node })]));
    const state = signal("live");
    const clock = { exact: () => clock.now.peek(), now: signal(100_000) };
    const api = { parents: async () => [] };
    const services = /** @type {any} */ ({ clock, link: { state }, api });
    const history = new History(services, /** @type {any} */ ({ run, nodes }));
    history.connect();
    const move = (/** @type {number} */ to) => {
      run.value = { ...run.value, meta: { completion: to } };
    };
    const begin = (/** @type {number} */ at) => {
      run.value = { ...run.value, retried_at: at, meta: { completion: 0 } };
    };
    return { history, state, move, clock, begin };
  }

  test("is no pace as long as the page has not seen it move, unless a task has just ended", () => {
    const stalled = watched(50, { state: "STARTED" });
    assert.equal(stalled.history.left.value, null);
    stalled.clock.now.value = 110_000;
    stalled.move(55);
    near(stalled.history.left.value, 90_000);
    near(watched(50, { state: "STARTED", ends: [90_000, 70_000] }).history.left.value, 100_000);
  });

  test("is that of the present try, also for who comes after a retry", () => {
    const done = { state: "SUCCESS", parent: "", finalized_at: 20_000, meta: { completion: 100 } };
    const going = { ...done, state: "PROGRESS", finalized_at: null, started_at: 97_000 };
    const tasks = [done, { ...going, meta: { completion: 50 } }];
    const came = watched(75, { state: "STARTED", retried_at: 90_000, tasks });
    near(came.history.left.value, 10_000);
    const first = watched(75, { state: "STARTED", tasks });
    near(first.history.left.value, 33_333);
  });

  test("is not that of a try before", () => {
    const { history, begin } = watched(50, { state: "STARTED", ends: [90_000] });
    assert.notEqual(history.left.value, null);
    begin(95_000);
    assert.equal(history.left.value, null);
  });

  test("is doubted after the connection was away no further than to where it stood before", () => {
    const { history, state, move, clock } = watched(20, { state: "STARTED" });
    move(30);
    state.value = "behind";
    clock.now.value = 120_000;
    move(40);
    near(history.left.value, 180_000);
  });

  test("is what it was when it came into the present tenth", () => {
    const { history, move } = watched();
    for (const completion of [11, 15, 34, 39]) move(completion);
    assert.equal(history.moved.entered, 34);
  });

  test("is nothing where it came there before the page, or while it heard nothing", () => {
    const { history, state, move } = watched(34);
    move(36);
    assert.equal(history.moved.entered, undefined);
    state.value = "behind";
    move(47);
    state.value = "live";
    assert.equal(history.moved.entered, undefined);
    move(53);
    assert.equal(history.moved.entered, 53);
  });

  test("is where the run stands once it begins anew", () => {
    const { history, move } = watched();
    move(55);
    move(52);
    assert.equal(history.moved.entered, 52);
    move(53);
    assert.equal(history.moved.entered, 52);
  });
});
