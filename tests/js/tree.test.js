import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ancestors,
  comparePaths,
  mergePaths,
  parentPath,
  pathInAddress,
} from "../../static/js/model/paths.js";
import { failureAfter, firstFailure, visibleRows } from "../../static/js/model/tree.js";

const paths = ["0", "0.0", "0.0.0", "0.1", "1", "2", "2.0"];
const shown = (folded) => visibleRows(paths, new Set(folded)).map((row) => row.path);

describe("paths", () => {
  test("are in tree order by number, not by letters", () => {
    assert.deepEqual(["10", "2", "0.10", "0.9", "0"].sort(comparePaths), [
      "0",
      "0.9",
      "0.10",
      "2",
      "10",
    ]);
  });

  test("that are added find their place among the known ones", () => {
    assert.deepEqual(mergePaths(["0", "0.2", "2"], ["10", "0.10", "1", "0.0"]), [
      "0",
      "0.0",
      "0.2",
      "0.10",
      "1",
      "2",
      "10",
    ]);
    assert.deepEqual(mergePaths([], ["1", "0"]), ["0", "1"]);
  });

  test("name the path above", () => {
    assert.deepEqual(["", "3", "3.12.0"].map(parentPath), ["", "", "3.12"]);
    assert.deepEqual(ancestors("3.12.0"), ["3.12", "3"]);
  });

  test("of the root is written as a dash", () => {
    assert.deepEqual(["", "0.2"].map(pathInAddress), ["-", "0.2"]);
  });
});

describe("rows", () => {
  test("all are shown while nothing is folded", () => assert.deepEqual(shown([]), paths));

  test("a folded parent hides everything under it", () => {
    assert.deepEqual(shown(["0"]), ["0", "1", "2", "2.0"]);
    assert.deepEqual(shown(["0.0", "2"]), ["0", "0.0", "0.1", "1", "2"]);
  });

  test("folding 1 does not hide 10", () => {
    const rows = visibleRows(["1", "1.0", "10", "10.0"], new Set(["1"]));
    assert.deepEqual(
      rows.map((row) => row.path),
      ["1", "10", "10.0"],
    );
  });

  test("know their level and their place among their siblings", () => {
    const row = visibleRows(paths, new Set()).find((one) => one.path === "0.1");
    assert.deepEqual(
      [row.level, row.position, row.siblings, row.children, row.open],
      [2, 2, 2, 0, true],
    );
  });

  test("a node whose parent is not here is shown all the same", () => {
    assert.deepEqual(
      visibleRows(["0", "7.3"], new Set()).map((row) => row.path),
      ["0", "7.3"],
    );
  });

  test("ten thousand nodes take well under a second", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `${Math.floor(i / 100)}.${i % 100}`);
    const begun = performance.now();
    assert.equal(visibleRows(many, new Set()).length, 10_000);
    assert.ok(performance.now() - begun < 500);
  });
});

describe("the first failure", () => {
  test("is the deepest one, which explains those above it", () => {
    const nodes = [
      { path: "0", state: "SUCCESS" },
      { path: "1", state: "FAILURE" },
      { path: "1.0", state: "FAILURE" },
    ];
    assert.equal(firstFailure(nodes), "1.0");
  });

  test("is none where nothing failed", () => {
    assert.equal(firstFailure([{ path: "0", state: "REVOKED" }]), null);
  });
});

describe("the next failure", () => {
  const nodes = ["0", "0.1", "1", "2", "2.0", "10"].map((path) => ({
    path,
    state: ["0.1", "2", "2.0", "10"].includes(path) ? "FAILURE" : "SUCCESS",
  }));

  test("is the one after where somebody is, in tree order", () => {
    assert.equal(failureAfter(nodes, null), "0.1");
    assert.equal(failureAfter(nodes, "0.1"), "2.0");
    assert.equal(failureAfter(nodes, "2.0"), "10");
    assert.equal(failureAfter(nodes, "1"), "2.0");
  });

  test("is none after the last, and where nothing failed", () => {
    assert.equal(failureAfter(nodes, "10"), null);
    assert.equal(failureAfter([{ path: "0", state: "SUCCESS" }], null), null);
  });
});

test("what comes takes its place among hundreds that are known", () => {
  const each = (/** @type {string[]} */ ends) =>
    Array.from({ length: 100 }, (_, n) => ends.map((end) => `${n}${end}`)).flat();
  const merged = mergePaths(each(["", ".0", ".10"]), each([".2", ".0.5"]).reverse());
  assert.deepEqual(merged, each(["", ".0", ".0.5", ".2", ".10"]));
});
