import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openTab, tabsOf } from "../../static/js/model/details.js";
import { linesWith, logText } from "../../static/js/model/log.js";
import { readPlace, writePlace } from "../../static/js/model/run-place.js";

const record = (more = {}) => ({
  state: "SUCCESS",
  meta: { error: null },
  value: null,
  traceback: null,
  args: [],
  kwargs: {},
  omitted: [],
  attempts: [],
  ...more,
});

describe("the tabs of a task", () => {
  test("are only those with something to show", () => {
    assert.deepEqual(tabsOf(record()), ["overview", "log"]);
    assert.deepEqual(tabsOf(record({ value: 0, args: [1], attempts: [{}] })), [
      "overview",
      "value",
      "arguments",
      "log",
      "attempts",
    ]);
  });

  test("include what was left out for its size", () => {
    assert.deepEqual(tabsOf(record({ omitted: ["value", "kwargs", "traceback"] })), [
      "overview",
      "error",
      "value",
      "arguments",
      "log",
    ]);
  });

  test("open at the error of a failed one, unless another was asked for", () => {
    const failed = record({ state: "FAILURE", meta: { error: "Error in f: no" } });
    assert.equal(openTab(failed, ""), "error");
    assert.equal(openTab(failed, "log"), "log");
    assert.equal(openTab(failed, "value"), "error");
    assert.equal(openTab(record(), "error"), "overview");
  });
});

describe("a place on a run's page", () => {
  test("survives the address", () => {
    for (const place of [
      { node: null, tab: "" },
      { node: "0.2", tab: "" },
      { node: null, tab: "log" },
      { node: "3", tab: "value" },
    ])
      assert.deepEqual(readPlace(writePlace(place)), place);
  });
});

describe("a log", () => {
  const line = (text, more = {}) => ({ at: 0, stream: "stdout", level: null, text, ...more });

  test("is searched whatever the case", () => {
    const lines = [line("Fetching"), line("done")];
    assert.deepEqual(linesWith(lines, " fetch "), [lines[0]]);
    assert.equal(linesWith(lines, " "), lines);
  });

  test("is kept as lines with time and origin, saying what is missing", () => {
    const lines = [line("a"), line("b", { at: null, stream: "log", level: "WARNING" })];
    assert.equal(
      logText({ lines, dropped: 3, attempt: 1, next: null }),
      "(3 older lines are no longer kept)\n1970-01-01T00:00:00.000Z stdout a\nWARNING b\n",
    );
  });
});
