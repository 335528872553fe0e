/** What screen readers are told. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Announcer } from "../../static/js/live/announcer.js";

/** @returns {{announcer: Announcer, said: () => string}} */
function heard() {
  const region = /** @type {any} */ ({ textContent: "" });
  const announcer = new Announcer(region);
  return { announcer, said: () => region.textContent };
}

test("the end of a run is said, however many of its tasks ended in the same moment", () => {
  const { announcer, said } = heard();
  for (const n of [1, 2, 3, 4, 5]) announcer.say(`Tasks: ${n} Success.`, "tasks");
  announcer.say("Run nightly: Success.", "run");
  announcer.speak();
  assert.equal(said(), "Tasks: 5 Success. Run nightly: Success.");
});

test("nothing is said twice", () => {
  const { announcer, said } = heard();
  announcer.say("Run nightly: Success.", "run");
  announcer.speak();
  announcer.say("Tasks: 1 Success.", "tasks");
  announcer.speak();
  assert.equal(said(), "Tasks: 1 Success.");
});
