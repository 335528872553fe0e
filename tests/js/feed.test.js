import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { INITIAL, MOST_KEPT, MOST_TRIES, backoff, step } from "../../static/js/model/feed.js";
import { batch, event, snapshot } from "./records.js";

/** Plays actions one after another; effects are collected with those of the last action apart. */
function play(actions, feed = INITIAL) {
  let effects = [];
  for (const action of actions) {
    const given = typeof action === "function" ? action(feed) : action;
    [feed, effects] = step(feed, given);
  }
  return { feed, effects };
}

const connected = { type: "connected" };
const disconnected = { type: "disconnected" };
const timer = { type: "timer" };
const events = (from, to, more) => ({ type: "batch", batch: batch(from, to, more) });
const answer = (content) => (feed) => ({
  type: "answer",
  question: feed.question,
  answer: content,
});
const seen = (seq) => [connected, answer({ snapshot: snapshot(seq) })];
const refusal = (code) => answer({ error: { code, message: "no" } });
const types = (effects) => effects.map((effect) => effect.type);
const applied = (effects) =>
  effects
    .filter((effect) => effect.type === "apply")
    .flatMap((effect) => effect.events.map((one) => one.seq));

describe("asking", () => {
  test("the first question names no position", () => {
    const { feed, effects } = play([connected]);
    assert.equal(feed.phase, "asking");
    assert.deepEqual(effects, [{ type: "watch", question: 1, epoch: null, seq: 0 }]);
  });

  test("a snapshot is shown and the feed is live", () => {
    const { feed, effects } = play(seen(5));
    assert.equal(feed.phase, "live");
    assert.deepEqual([feed.epoch, feed.seq], ["e1", 5]);
    assert.deepEqual(types(effects), ["reset"]);
  });

  test("an answer to an older question is dropped", () => {
    const late = { type: "answer", question: 1, answer: { snapshot: snapshot(3) } };
    const { feed, effects } = play([connected, disconnected, connected, late]);
    assert.equal(feed.phase, "asking");
    assert.deepEqual(effects, []);
  });

  test("a malformed answer is a refusal with words", () => {
    const { feed, effects } = play([connected, answer({})]);
    assert.equal(feed.phase, "refused");
    assert.match(effects[0].problem.message, /not understood/);
  });

  test("a run that is not there ends the feed", () => {
    const { feed, effects } = play([connected, refusal("run_not_found")]);
    assert.equal(feed.phase, "gone");
    assert.deepEqual(types(effects), ["gone"]);
  });

  test("an incomplete snapshot is shown, and events of nodes it lacks are applied", () => {
    const { feed, effects } = play([
      connected,
      answer({ snapshot: snapshot(5, { complete: false }) }),
      events(5, 6),
    ]);
    assert.equal(feed.seq, 6);
    assert.deepEqual(applied(effects), [6]);
  });
});

describe("batches while live", () => {
  test("the next batch is applied", () => {
    const { feed, effects } = play([...seen(5), events(5, 7)]);
    assert.equal(feed.seq, 7);
    assert.deepEqual(applied(effects), [6, 7]);
  });

  test("of an overlapping batch only what is new is applied", () => {
    const { feed, effects } = play([...seen(5), events(2, 8)]);
    assert.equal(feed.seq, 8);
    assert.deepEqual(applied(effects), [6, 7, 8]);
  });

  test("a batch that is wholly known is dropped", () => {
    const { feed, effects } = play([...seen(5), events(1, 5)]);
    assert.equal(feed.seq, 5);
    assert.deepEqual(effects, []);
  });

  test("superseded events may be left out of a batch", () => {
    const { feed, effects } = play([...seen(5), events(5, 20, { events: [event(20)] })]);
    assert.equal(feed.seq, 20);
    assert.deepEqual(applied(effects), [20]);
  });

  test("a gap asks again with what we have, and shows nothing", () => {
    const { feed, effects } = play([...seen(5), events(7, 9)]);
    assert.equal(feed.phase, "asking");
    assert.deepEqual(effects, [{ type: "watch", question: 2, epoch: "e1", seq: 5 }]);
  });

  test("the batch after the gap is applied once the hole is filled", () => {
    const { feed, effects } = play([...seen(5), events(7, 9), answer({ batch: batch(5, 7) })]);
    assert.equal(feed.seq, 9);
    assert.deepEqual(applied(effects), [6, 7, 8, 9]);
  });

  test("a foreign epoch asks again with what we have", () => {
    const { feed, effects } = play([...seen(5), events(0, 1, { epoch: "e2" })]);
    assert.equal(feed.phase, "asking");
    assert.deepEqual([effects[0].epoch, effects[0].seq], ["e1", 5]);
  });

  test("after a new epoch's snapshot its numbers count", () => {
    const fresh = snapshot(2, { epoch: "e2" });
    const { feed, effects } = play([
      ...seen(50),
      events(0, 1, { epoch: "e2" }),
      answer({ snapshot: fresh }),
      events(2, 3, { epoch: "e2" }),
    ]);
    assert.deepEqual([feed.epoch, feed.seq], ["e2", 3]);
    assert.deepEqual(applied(effects), [3]);
  });

  test("fields and actions of a newer server are ignored", () => {
    const more = { surprise: true, events: [event(6, { surprise: 1 })] };
    const { feed, effects } = play([...seen(5), events(5, 6, more), { type: "surprise" }]);
    assert.equal(feed.seq, 6);
    assert.deepEqual(effects, []);
  });
});

describe("batches that overtake the answer", () => {
  test("they are kept and applied after it", () => {
    const { feed, effects } = play([
      connected,
      events(5, 6),
      events(6, 8),
      answer({ snapshot: snapshot(5) }),
    ]);
    assert.equal(feed.seq, 8);
    assert.deepEqual(types(effects), ["reset", "apply", "apply"]);
    assert.deepEqual(applied(effects), [6, 7, 8]);
  });

  test("those the snapshot has already are dropped", () => {
    const { feed, effects } = play([
      connected,
      events(3, 4),
      events(4, 6),
      answer({ snapshot: snapshot(6) }),
    ]);
    assert.equal(feed.seq, 6);
    assert.deepEqual(types(effects), ["reset"]);
  });

  test("a hole among them asks again, and the rest stays kept", () => {
    const { feed, effects } = play([
      connected,
      events(7, 8),
      events(8, 9),
      answer({ snapshot: snapshot(5) }),
    ]);
    assert.equal(feed.phase, "asking");
    assert.deepEqual(types(effects), ["reset", "watch"]);
    assert.deepEqual(
      feed.kept.map((one) => one.to),
      [8, 9],
    );
  });

  test("no more than the bound are kept, the newest", () => {
    const many = Array.from({ length: MOST_KEPT + 5 }, (_, i) => events(i, i + 1));
    const { feed } = play([connected, ...many]);
    assert.equal(feed.kept.length, MOST_KEPT);
    assert.equal(feed.kept.at(-1).to, MOST_KEPT + 5);
  });

  test("a server whose answers never fill the hole is asked ever more slowly", () => {
    let { feed, effects } = play([...seen(5), events(9, 10)]);
    let questions = 1;
    while (feed.phase === "asking" && questions < 50) {
      [feed, effects] = step(feed, answer({ batch: batch(5, 5) })(feed));
      questions += feed.phase === "asking" ? 1 : 0;
    }
    assert.equal(feed.phase, "waiting");
    assert.ok(questions <= MOST_TRIES);
    assert.deepEqual(types(effects), ["wait"]);
  });
});

describe("a snapshot the server sends by itself", () => {
  test("replaces what we had", () => {
    const { feed, effects } = play([...seen(5), { type: "snapshot", snapshot: snapshot(90) }]);
    assert.equal(feed.seq, 90);
    assert.deepEqual(types(effects), ["reset"]);
  });

  test("while we ask it is shown, and an older answer does not undo it", () => {
    const pushed = { type: "snapshot", snapshot: snapshot(90) };
    const { feed, effects } = play([
      ...seen(5),
      events(7, 8),
      pushed,
      answer({ snapshot: snapshot(80) }),
    ]);
    assert.equal(feed.phase, "live");
    assert.equal(feed.seq, 90);
    assert.deepEqual(types(effects), []);
  });

  test("ends a waiting", () => {
    const { feed } = play([
      connected,
      refusal("store_unavailable"),
      { type: "snapshot", snapshot: snapshot(4) },
    ]);
    assert.equal(feed.phase, "live");
  });

  test("an older one of the same epoch is dropped", () => {
    const { feed, effects } = play([...seen(5), { type: "snapshot", snapshot: snapshot(4) }]);
    assert.equal(feed.seq, 5);
    assert.deepEqual(effects, []);
  });
});

describe("losing the connection", () => {
  test("batches heard while it is lost change nothing", () => {
    const { feed, effects } = play([...seen(5), disconnected, events(5, 6)]);
    assert.deepEqual([feed.phase, feed.seq], ["lost", 5]);
    assert.deepEqual(effects, []);
  });

  test("on return the question names the last number", () => {
    const { effects } = play([...seen(5), disconnected, connected]);
    assert.deepEqual([effects[0].epoch, effects[0].seq], ["e1", 5]);
  });

  test("what was caught up is counted", () => {
    const { feed, effects } = play([
      ...seen(5),
      disconnected,
      connected,
      answer({ batch: batch(5, 17) }),
    ]);
    assert.equal(feed.seq, 17);
    assert.deepEqual(effects.at(-1), { type: "caught-up", changes: 12 });
  });

  test("what overtook the answer counts as caught up, too", () => {
    const { effects } = play([
      ...seen(5),
      disconnected,
      connected,
      events(8, 9),
      answer({ batch: batch(5, 8) }),
    ]);
    assert.deepEqual(effects.at(-1), { type: "caught-up", changes: 4 });
  });

  test("a batch we cannot continue from leads to a question without position", () => {
    const { effects } = play([
      ...seen(5),
      disconnected,
      connected,
      answer({ batch: batch(9, 12) }),
    ]);
    assert.deepEqual([effects[0].type, effects[0].epoch], ["watch", null]);
  });
});

describe("when the store is away", () => {
  test("the waits grow from 1 s to 15 s", () => {
    assert.deepEqual([1, 2, 3, 4, 5, 6, 40].map(backoff), [1, 2, 4, 8, 15, 15, 15]);
  });

  test("each refusal waits longer, and the timer asks again", () => {
    const first = play([connected, refusal("store_unavailable")]);
    assert.deepEqual(first.effects, [{ type: "wait", seconds: 1 }]);
    const again = play([timer], first.feed);
    assert.deepEqual(types(again.effects), ["watch"]);
    const second = play([refusal("too_many_requests")], again.feed);
    assert.deepEqual(second.effects, [{ type: "wait", seconds: 2 }]);
  });

  test("after an answer the waits begin anew", () => {
    const { effects } = play([
      connected,
      refusal("store_unavailable"),
      timer,
      answer({ snapshot: snapshot(5) }),
      events(8, 9),
      refusal("store_unavailable"),
    ]);
    assert.deepEqual(effects, [{ type: "wait", seconds: 1 }]);
  });

  test("a timer that fires while live asks nothing", () => {
    assert.deepEqual(play([...seen(5), timer]).effects, []);
  });
});

test("a retry of an ended run goes on in the same numbering", () => {
  const { feed, effects } = play([
    ...seen(5),
    events(5, 6, { events: [{ seq: 6, at: 1, run: { state: "FAILURE" } }] }),
    events(6, 7),
  ]);
  assert.deepEqual([feed.phase, feed.seq], ["live", 7]);
  assert.deepEqual(applied(effects), [7]);
});

test("a deleted run ends the feed until the next connection", () => {
  const { feed, effects } = play([...seen(5), { type: "gone" }, events(5, 6)]);
  assert.equal(feed.phase, "gone");
  assert.deepEqual(effects, []);
});
