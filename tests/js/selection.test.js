import assert from "node:assert/strict";
import { test } from "node:test";
import { allShown, extended, narrowed, NOTHING, toggled } from "../../static/js/model/selection.js";

const SHOWN = ["e", "d", "c", "b", "a"];
const ids = (/** @type {{ids: ReadonlySet<string>}} */ choice) => [...choice.ids].sort().join("");

test("a run is taken in, and let go the second time", () => {
  const one = toggled(NOTHING, "b");
  assert.equal(ids(one), "b");
  assert.equal(ids(toggled(one, "b")), "");
  assert.equal(ids(NOTHING), "");
});

test("a range reaches from the last chosen to this one, in both directions", () => {
  assert.equal(ids(extended(toggled(NOTHING, "d"), "b", SHOWN)), "bcd");
  assert.equal(ids(extended(toggled(NOTHING, "b"), "e", SHOWN)), "bcde");
});

test("a second range goes on from where the first one ended", () => {
  const first = extended(toggled(NOTHING, "e"), "d", SHOWN);
  assert.equal(ids(extended(first, "b", SHOWN)), "bcde");
});

test("a range without a beginning is the one run", () => {
  assert.equal(ids(extended(NOTHING, "c", SHOWN)), "c");
  assert.equal(ids(extended(toggled(NOTHING, "left"), "c", SHOWN)), "cleft");
});

test("all shown are chosen, then none", () => {
  const all = allShown(toggled(NOTHING, "c"), SHOWN);
  assert.equal(ids(all), "abcde");
  assert.equal(ids(allShown(all, SHOWN)), "");
  assert.equal(ids(allShown(NOTHING, [])), "");
});

const all = { until: 5, counts: null };

test("choosing one lets go of all that match", () => {
  assert.equal(toggled({ ids: new Set(SHOWN), all, anchor: null }, "a").all, null);
});

test("runs that are gone are chosen no more, and nothing changes without need", () => {
  const both = { ids: new Set(["a", "x"]), all: null, anchor: null };
  assert.equal(ids(narrowed(both, new Set(SHOWN))), "a");
  assert.equal(narrowed(both, new Set(["a", "x"])), both);
});
