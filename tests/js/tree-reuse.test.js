/** Rows that are as they were stay the same objects, so that nobody draws them anew. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { depth } from "../../static/js/model/paths.js";
import { visibleRows } from "../../static/js/model/tree.js";

const byPath = (/** @type {{path: string}[]} */ rows) =>
  /** @type {Map<string, any>} */ (new Map(rows.map((row) => [row.path, row])));

test("only the family that grew has new rows", () => {
  const before = visibleRows(["0", "0.0", "1", "1.0"], new Set());
  const after = visibleRows(["0", "0.0", "1", "1.0", "1.1"], new Set(), byPath(before));
  assert.deepEqual(
    after.map((row, i) => row === before[i]),
    [true, true, false, false, false],
  );
  assert.deepEqual(after, visibleRows(["0", "0.0", "1", "1.0", "1.1"], new Set()));
});

test("what is folded has a new row, and what comes back is shown as it is now", () => {
  const paths = ["0", "0.0", "1"];
  const before = visibleRows(paths, new Set());
  const folded = visibleRows(paths, new Set(["0"]), byPath(before));
  assert.deepEqual(folded.map((row) => row.path), ["0", "1"]);
  assert.equal(folded[0].open, false);
  assert.equal(folded[1], before[2]);
});

test("depth is the number of levels", () => {
  assert.deepEqual(["", "7", "7.10", "1.2.3.4"].map(depth), [0, 1, 2, 4]);
});
