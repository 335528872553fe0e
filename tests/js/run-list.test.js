import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_LINES, appendLines, lineTone } from "../../static/js/model/log.js";
import { isNewer, newestFirst, readFilter, writeFilter } from "../../static/js/model/run-list.js";
import {
  STATES,
  isFinal,
  stateTone,
  stateWord,
  tellingError,
} from "../../static/js/model/states.js";
import { run } from "./records.js";

test("the newest run stands first, and equals keep an order", () => {
  const runs = [
    run({ id: "a", created_at: 1 }),
    run({ id: "b", created_at: 3 }),
    run({ id: "c", created_at: 3 }),
  ];
  assert.deepEqual(
    [...runs].sort(newestFirst).map((one) => one.id),
    ["c", "b", "a"],
  );
  assert.deepEqual(
    [...runs]
      .reverse()
      .sort(newestFirst)
      .map((one) => one.id),
    ["c", "b", "a"],
  );
});

test("an older record of the same epoch replaces nothing", () => {
  assert.equal(isNewer(run({ seq: 5 }), run({ seq: 4 })), false);
  assert.equal(isNewer(run({ seq: 5 }), run({ seq: 5 })), true);
  assert.equal(isNewer(run({ seq: 5 }), run({ seq: 1, epoch: "e2" })), true);
  assert.equal(isNewer(undefined, run()), true);
});

test("the filter survives the address", () => {
  const filter = { state: "failure", q: "shop & co" };
  assert.deepEqual(readFilter(writeFilter(filter)), filter);
  assert.equal(writeFilter({ state: "", q: "" }), "");
});

test("every state has a word and a tone of its own", () => {
  assert.equal(new Set(STATES.map(stateWord)).size, STATES.length);
  assert.equal(new Set(STATES.map(stateTone)).size, STATES.length);
});

test("a state of a newer server is shown by its own name", () => {
  assert.deepEqual(
    [stateWord("PAUSED"), stateTone("PAUSED"), isFinal("PAUSED")],
    ["PAUSED", "pending", false],
  );
});

test("an error that only repeats the state is not worth showing", () => {
  const shown = (/** @type {string} */ state, /** @type {string|null} */ error) =>
    tellingError({ state, meta: { error } });
  assert.deepEqual(
    [
      shown("REVOKED", "Revoked"),
      shown("REVOKED", "timeout: 3 s"),
      shown("FAILURE", "Error in x"),
      shown("PROGRESS", "old"),
    ],
    [null, "timeout: 3 s", "Error in x", null],
  );
});

test("the oldest lines of a long log go first", () => {
  const line = (/** @type {number} */ n) => ({ at: n, stream: "stdout", text: String(n) });
  const lines = appendLines(
    Array.from({ length: MOST_LINES }, (_, n) => line(n)),
    [line(-1)],
  );
  assert.equal(lines.length, MOST_LINES);
  assert.deepEqual([lines[0].text, lines.at(-1)?.text], ["1", "-1"]);
});

test("errors and warnings stand out of a log", () => {
  assert.deepEqual(
    [
      { level: "ERROR", stream: "log" },
      { level: null, stream: "stderr" },
      { level: "INFO", stream: "log" },
    ].map((line) => lineTone({ at: 0, text: "", ...line })),
    ["error", "warning", "plain"],
  );
});
