/** How many rows the list begins with. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals";
import { ListFeed } from "../../static/js/live/list-feed.js";
import { ListStore } from "../../static/js/live/list-store.js";
import { run } from "./records.js";

const ALL = Array.from({ length: 300 }, (_, n) => run({ id: `r${n}`, created_at: 1_000 - n }));

/** A server with all runs, and a connection that is not there yet. */
function served(RUNS = ALL) {
  const answer = (/** @type {{cursor?: string, limit: number}} */ { cursor, limit }) => {
    const first = Number(cursor ?? 0);
    const last = first + limit;
    return { runs: RUNS.slice(first, last), next: last < RUNS.length ? String(last) : null };
  };
  const link = {
    up: signal(false),
    behind: signal(new Set()),
    socket: { on() {}, off() {}, emit() {}, connected: false },
    mark() {},
    ask: async (/** @type {string} */ _event, /** @type {any} */ payload) => answer(payload),
  };
  const store = new ListStore();
  const clock = { reading: () => 0, hear() {} };
  const feed = new ListFeed(/** @type {any} */ ({ link, api: {}, clock }), store);
  return { link, store, feed };
}

const settled = () => new Promise(setImmediate);

test("who comes back has as many rows as before, also where the connection comes late", async () => {
  const { link, store, feed } = served();
  feed.wanted = 90;
  feed.connect();
  link.up.value = true;
  await settled();
  assert.ok(store.ids.value.length >= 90, String(store.ids.value.length));
  feed.disconnect();
});

test("who comes anew has the first page", async () => {
  const { link, store, feed } = served();
  feed.connect();
  link.up.value = true;
  await settled();
  assert.equal(store.ids.value.length, 40);
  feed.disconnect();
});

test("a connection that was lost brings back the rows that were read", async () => {
  const { link, store, feed } = served();
  feed.connect();
  link.up.value = true;
  await settled();
  await feed.older();
  link.up.value = false;
  link.up.value = true;
  await settled();
  assert.equal(store.ids.value.length, 240);
  feed.disconnect();
});

test("a paused list stands still though its connection is lost and comes back", async () => {
  const runs = ALL.slice(0, 3);
  const { link, store, feed } = served(runs);
  feed.connect();
  link.up.value = true;
  await settled();
  feed.pause();
  link.up.value = false;
  runs.unshift(run({ id: "new", created_at: 2_000 }));
  runs.pop();
  link.up.value = true;
  await settled();
  assert.deepEqual(store.ids.value, ["r0", "r1", "r2"]);
  assert.equal(store.waiting.value, 1);
  feed.resume();
  await settled();
  assert.deepEqual(store.ids.value, ["new", "r0", "r1"]);
  assert.equal(store.waiting.value, 0);
  feed.disconnect();
});

test("a paused list is read where it is narrowed to something else", async () => {
  const runs = ALL.slice(0, 3);
  const { link, store, feed } = served(runs);
  feed.connect();
  link.up.value = true;
  await settled();
  feed.pause();
  runs.pop();
  feed.setFilter({ ...feed.filter, q: "else" });
  await settled();
  assert.deepEqual(store.ids.value, ["r0", "r1"]);
  feed.disconnect();
});
