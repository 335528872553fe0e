import assert from "node:assert/strict";
import { test } from "node:test";
import { fleetSummary, standing, stillLost, whyNotBegun, whyWaiting } from "../../static/js/model/fleet.js";

const NOW = 1_000_000;

/** @param {string} name @param {object} [more] */
const worker = (name, more = {}) => ({
  name,
  host: "h",
  pid: 1,
  slots: 2,
  queues: ["children"],
  running: [],
  stopping: false,
  seen_at: NOW - 1000,
  ...more,
});

/** @param {object} [more] */
const fleet = (more = {}) => ({
  watchers: [worker("w", { queues: ["parents"] })],
  compute: [worker("c")],
  queues: [],
  now: NOW,
  ttl: 15,
  ...more,
});

const busy = { running: [1, 2].map((n) => ({ run_id: `r${n}`, path: "0" })) };
const children = { name: "children", length: 3, consumers: 1, waiting: null };
const gpu = { name: "gpu", length: 2, consumers: 0, waiting: "no worker consumes queue gpu" };

test("a worker is alive, then late, then dead, by how long it is silent", () => {
  const at = (/** @type {number} */ silent) =>
    standing(worker("c", { seen_at: NOW - silent * 1000 }), NOW, 15);
  assert.equal(at(3).word, "Alive");
  assert.deepEqual(at(8), { word: "Late, silent 8 s", tone: "retry" });
  assert.deepEqual(at(16), { word: "Dead, silent 16 s", tone: "lost" });
  assert.equal(standing(worker("c", { stopping: true }), NOW, 15).word, "Stopping");
});

test("who vanished without being stopped is remembered, until it comes back", () => {
  const stopping = worker("s", { stopping: true });
  const before = fleet({ compute: [worker("c"), stopping] });
  const lost = stillLost([], before, fleet({ compute: [] }));
  assert.deepEqual(
    lost.map((one) => one.name),
    ["c"],
  );
  assert.deepEqual(stillLost(lost, fleet({ compute: [] }), fleet()), []);
  assert.deepEqual(stillLost([], null, fleet()), []);
});

test("why something waits is said", () => {
  const why = (/** @type {object} */ more) => whyWaiting(children, fleet(more), NOW);
  assert.equal(why({ compute: [worker("c", busy)] }), "all 2 slots are busy");
  assert.equal(why({}), "about to be taken");
  assert.equal(
    whyWaiting(gpu, fleet(), NOW),
    "no worker consumes queue gpu: start one with -Q gpu",
  );
  assert.equal(
    why({ compute: [worker("c", { seen_at: 0 })] }),
    "everybody who takes from it is dead or stopping",
  );
  assert.equal(whyWaiting({ ...children, length: 0 }, fleet(), NOW), "");
  const problem = "what Redis keeps as children is no list";
  assert.equal(whyWaiting({ ...children, length: 0, problem }, fleet(), NOW), problem);
});

test("that no slot is free is said of those that would take the task", () => {
  const full = worker("c", busy);
  const why = (/** @type {object[]} */ compute, /** @type {string|null} */ queue = "children") =>
    whyNotBegun(fleet({ compute, queues: [children, gpu] }), NOW, queue);
  assert.equal(why([full]), "all 2 slots are busy");
  assert.equal(why([full], null), "all 2 slots are busy");
  assert.equal(why([full, worker("d")]), "");
  assert.equal(why([full, worker("d", { queues: ["gpu"] })]), "all 2 slots are busy");
  assert.equal(why([full, worker("d", { queues: ["gpu"] })], null), "");
  assert.equal(why([full, worker("d", { seen_at: 0 })], null), "all 2 slots are busy");
  assert.equal(why([full, worker("d", { stopping: true })], null), "all 2 slots are busy");
  assert.equal(why([]), "");
  const one = worker("c", { ...busy, slots: 1 });
  assert.equal(why([one], null), "the only slot is busy");
});

test("the whole is told in a line, without the dead", () => {
  const compute = [worker("c", busy), worker("d", { seen_at: 0 })];
  assert.equal(
    fleetSummary(fleet({ compute, queues: [children] }), NOW),
    "1 watcher, 2 of 2 compute slots busy, 3 messages waiting",
  );
  const unread = { ...children, length: 0, problem: "what Redis keeps as children is no list" };
  const idle = "1 watcher, 0 of 2 compute slots busy";
  assert.equal(fleetSummary(fleet({ queues: [unread] }), NOW), `${idle}, 1 queue unreadable`);
  assert.equal(fleetSummary(fleet({ queues: [unread, gpu] }), NOW), `${idle}, 2 messages waiting, 1 queue unreadable`);
  assert.equal(fleetSummary(fleet(), NOW), `${idle}, nothing waiting`);
});
