import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_LINES, appendLines, lineTone } from "../../static/js/model/log.js";
import {
  askedOf,
  countOf,
  filterQuery,
  isNewer,
  newestFirst,
  NO_FILTER,
  readFilter,
  writeFilter,
} from "../../static/js/model/run-list.js";
import { shortcutOf } from "../../static/js/model/shortcuts.js";
import {
  STATES,
  briefError,
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
  const filter = { state: "failure", name: "a.b", time: "24h", q: "shop & co" };
  assert.deepEqual(readFilter(writeFilter(filter)), filter);
  assert.equal(writeFilter(NO_FILTER), "");
});

test("the filter is asked for in the interface's words", () => {
  assert.deepEqual(askedOf(NO_FILTER, 0), {});
  assert.deepEqual(askedOf({ ...NO_FILTER, state: "failure", time: "1h" }, 5_000_000), {
    state: ["FAILURE", "LOST"],
    since: 1_400_000,
  });
  assert.equal(
    filterQuery({ ...NO_FILTER, state: "failure", name: "a.b", q: "x y" }, 0),
    "?state=FAILURE&state=LOST&name=a.b&q=x+y",
  );
  assert.equal(filterQuery({ ...NO_FILTER, time: "nonsense" }, 0), "");
});

test("a tab counts the runs of its states", () => {
  const counts = { SUCCESS: 3, FAILURE: 2, LOST: 1 };
  assert.equal(countOf(counts, []), 6);
  assert.equal(countOf(counts, ["FAILURE", "LOST", "REVOKED"]), 3);
  assert.equal(countOf(null, []), null);
});

test("a letter typed into a field is no shortcut, nor one with a modifier", () => {
  const shortcuts = [{ key: "j", does: "Next", act: () => {} }];
  const pressed = { key: "j", altKey: false, ctrlKey: false, metaKey: false };
  assert.equal(shortcutOf(pressed, "BODY", shortcuts), shortcuts[0]);
  assert.equal(shortcutOf(pressed, "INPUT", shortcuts), undefined);
  assert.equal(shortcutOf({ ...pressed, ctrlKey: true }, "A", shortcuts), undefined);
  assert.equal(shortcutOf({ ...pressed, key: "x" }, "A", shortcuts), undefined);
});

test("a row shows the cause, not the names it came through", () => {
  assert.equal(briefError("Error in a.b: Error in a.c: It broke: badly"), "It broke: badly");
  assert.equal(briefError("timeout after 3 s"), "timeout after 3 s");
  assert.equal(briefError("Error in a.b: "), "Error in a.b: ");
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
