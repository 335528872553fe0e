import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MissingNodes } from "../../static/js/live/missing-nodes.js";
import { RunStore } from "../../static/js/live/run-store.js";
import { lackingIn, lastInRow, visibleRows } from "../../static/js/model/tree.js";
import { node, run, snapshot } from "./records.js";

/** `count` first children of a parent that has `children`. */
const family = (path, count, children) => [
  node(path, { kind: "parent", children }),
  ...Array.from({ length: count }, (_, n) => node(`${path}.${n}`)),
];

/** A run of 5 tasks of which "0" has three children; the first of them is known. */
const large = (seq = 1) =>
  snapshot(seq, {
    complete: false,
    run: run({ counts: { PROGRESS: 5 } }),
    nodes: [...family("0", 1, 3), node("1")],
  });

/** A store that lacks children of "0", with an API whose answers the test gives. */
function opened() {
  const store = new RunStore();
  store.reset(large());
  const asked = [];
  const ask = (...question) =>
    new Promise((resolve, reject) => asked.push({ question, resolve, reject }));
  const missing = new MissingNodes("r1", { api: { nodes: ask, node: ask } }, store);
  return { store, asked, missing };
}

const shown = (store) => store.rows.value.map((row) => row.path);
const settled = () => new Promise(setImmediate);

describe("whose children a snapshot leaves out", () => {
  test("nobody's, of a complete one", () => {
    assert.equal(lackingIn(snapshot(1, { nodes: family("0", 1, 3) })).size, 0);
  });

  test("those of parents that have more than it holds", () => {
    assert.deepEqual([...lackingIn(large())], [["0", 3]]);
  });

  test("the run's own, if it has more tasks than all parents together miss", () => {
    const counts = { PROGRESS: 4, SUCCESS: 3 };
    const nodes = [...family("0", 1, 3), node("1")];
    const lacking = lackingIn({ run: { counts }, nodes, complete: false });
    assert.deepEqual([...lacking.keys()], ["0", ""]);
  });
});

describe("the row for more", () => {
  const rows = (folded, lacking) => {
    const counts = new Map(lacking.map((path) => [path, 9]));
    return visibleRows(["0", "0.0", "0.1", "0.1.0", "1"], new Set(folded), new Map(), counts);
  };
  const paths = (...parts) => rows(...parts).map((row) => row.path);

  test("stands after the last known child, also where several end at once", () => {
    assert.deepEqual(paths([], ["0", "0.1"]), [
      ...["0", "0.0", "0.1", "0.1.0", "0.1/more", "0/more", "1"],
    ]);
  });

  test("stands where the first child is missing, before those that are known beyond it", () => {
    const known = ["0", "0.0", "0.1", "0.5", "0.5.0", "2"];
    const lacking = new Map([["0", 9], ["", 0]]);
    assert.deepEqual(
      visibleRows(known, new Set(), new Map(), lacking).map((row) => row.path),
      ["0", "0.0", "0.1", "0/more", "0.5", "0.5.0", "/more", "2"],
    );
  });

  test("is folded away with its parent", () => {
    assert.deepEqual(paths(["0"], ["0"]), ["0", "1"]);
    assert.deepEqual(paths(["0.1"], ["0.1"]), ["0", "0.0", "0.1", "1"]);
  });

  test("has a parent that says how many children it has, known or not", () => {
    assert.deepEqual(rows([], ["1"]).map((row) => row.children), [2, 0, 1, 0, 9, 0]);
  });

  test("of the run stands at the very end, on the first level", () => {
    const last = rows([], [""]).at(-1);
    assert.deepEqual([last.path, last.level, last.more], ["/more", 1, ""]);
  });
});

test("reading goes on after the last child before the first hole", () => {
  const known = new Set(["0.0", "0.1", "0.7"]);
  const isKnown = (path) => known.has(path);
  assert.equal(lastInRow("0", isKnown), "1");
  assert.equal(lastInRow("", isKnown), null);
});

describe("a parent of whose children none is known", () => {
  const closed = (seq) =>
    snapshot(seq, {
      complete: false,
      run: run({ counts: { PROGRESS: 5 } }),
      nodes: [node("0", { kind: "parent", children: 3 }), node("1")],
    });

  test("is folded, and has them read once it is opened", () => {
    const store = new RunStore();
    store.reset(closed(1));
    assert.deepEqual(shown(store), ["0", "1"]);
    assert.equal(store.rows.value[0].children, 3);
    store.setOpen("0", true);
    assert.deepEqual(shown(store), ["0", "0/more", "1"]);
  });

  test("stays open after another snapshot, for who opened it", () => {
    const store = new RunStore();
    store.reset(closed(1));
    store.setOpen("0", true);
    store.reset(closed(2));
    assert.deepEqual(shown(store), ["0", "0/more", "1"]);
  });

  test("is folded too if it comes later than the snapshot, with news or a page of others", () => {
    const store = new RunStore();
    store.reset(closed(1));
    store.putNodes([node("2", { kind: "parent", children: 7 }), node("3")]);
    assert.deepEqual(shown(store), ["0", "1", "2", "3"]);
    assert.deepEqual([...store.lacking.value], [["0", 3], ["2", 7]]);
  });

  test("is open if its children come along", () => {
    const store = new RunStore();
    store.reset(closed(1));
    store.putNodes([node("2", { kind: "parent", children: 1 }), node("2.0")]);
    assert.deepEqual(shown(store), ["0", "1", "2", "2.0"]);
    assert.equal(store.lacking.value.has("2"), false);
  });

  test("of a run that came whole lacks nothing, whatever an event says before the next", () => {
    const store = new RunStore();
    store.reset(snapshot(1, { nodes: [node("0")] }));
    store.putNodes([node("1", { kind: "parent", children: 1 })]);
    assert.equal(store.lacking.value.size, 0);
  });
});

describe("the next failure", () => {
  const failed = (path) => node(path, { state: "FAILURE" });

  /** The second of four children of "0" is known to have failed, and of two others told. */
  function failing() {
    const store = new RunStore();
    const counts = { SUCCESS: 2, FAILURE: 2 };
    const nodes = [node("0", { kind: "parent", children: 4 }), failed("0.0")];
    store.reset(snapshot(1, { complete: false, run: run({ counts }), nodes }));
    const asked = [];
    const ask = () => new Promise((resolve, reject) => asked.push({ resolve, reject }));
    return { asked, missing: new MissingNodes("r1", { api: { nodes: ask } }, store) };
  }

  test("is looked for in what is not here yet, and then it is the first again", async () => {
    const { asked, missing } = failing();
    assert.equal(await missing.nextFailure(null), "0.0");
    assert.equal(asked.length, 0);
    const found = missing.nextFailure("0.0");
    asked[0].resolve({ nodes: [node("0.1", { state: "SUCCESS" })], next: "1" });
    await settled();
    asked[1].resolve({ nodes: [failed("0.2")], next: "2" });
    assert.equal(await found, "0.2");
    assert.equal(await missing.nextFailure("0.2"), "0.0");
    assert.equal(asked.length, 2);
  });

  test("is the first again if nothing can be read", async () => {
    const { asked, missing } = failing();
    const found = missing.nextFailure("0.0");
    asked[0].reject(new Error("away"));
    assert.equal(await found, "0.0");
    assert.equal(asked.length, 1);
  });
});

describe("missing nodes", () => {
  test("are read page by page, and then nothing is missing", async () => {
    const { store, asked, missing } = opened();
    void missing.readUnder("0");
    assert.deepEqual(asked[0].question, ["r1", "0", "0"]);
    asked[0].resolve({ nodes: [node("0.1")], next: "1" });
    await settled();
    assert.deepEqual(shown(store), ["0", "0.0", "0.1", "0/more", "1"]);
    void missing.readUnder("0");
    assert.deepEqual(asked[1].question, ["r1", "0", "1"]);
    asked[1].resolve({ nodes: [node("0.2")], next: null });
    await settled();
    assert.deepEqual(shown(store), ["0", "0.0", "0.1", "0.2", "1"]);
    void missing.readUnder("0");
    assert.equal(asked.length, 2);
  });

  test("are asked for once, however often they are wanted", () => {
    const { asked, missing } = opened();
    void missing.readUnder("0");
    void missing.readUnder("0");
    assert.equal(asked.length, 1);
  });

  test("that moved meanwhile stay as the event told", async () => {
    const { store, asked, missing } = opened();
    void missing.readUnder("0");
    store.putNodes([node("0.2", { state: "SUCCESS" })]);
    asked[0].resolve({ nodes: [node("0.1"), node("0.2")], next: null });
    await settled();
    assert.equal(store.nodes.get("0.2").peek().state, "SUCCESS");
  });

  test("asked for before a snapshot are dropped: they may be older than it", async () => {
    const { store, asked, missing } = opened();
    void missing.readUnder("0");
    void missing.readOne("0.2");
    store.reset(large(9));
    asked[0].resolve({ nodes: [node("0.1")], next: null });
    asked[1].resolve(node("0.2"));
    await settled();
    assert.deepEqual(shown(store), ["0", "0.0", "0/more", "1"]);
    void missing.readUnder("0");
    assert.equal(asked.length, 3);
  });

  test("that could not be read say why, and can be read again", async () => {
    const { asked, missing } = opened();
    void missing.readUnder("0");
    asked[0].reject(new Error("no answer"));
    await settled();
    assert.equal(missing.problem.value, "no answer");
    void missing.readUnder("0");
    asked[1].resolve({ nodes: [], next: null });
    await settled();
    assert.equal(missing.problem.value, "");
  });

  test("are somewhere under their parent and those above it, and nowhere else", () => {
    const { store } = opened();
    assert.deepEqual(
      ["0", "0.0", "1"].map((path) => store.lacksUnder(path)),
      [true, false, false],
    );
  });

  test("somebody came for are read with those above them, which open", async () => {
    const { store, asked, missing } = opened();
    void missing.readOne("0.2.1");
    assert.deepEqual(asked.map((one) => one.question[1]), ["0.2", "0.2.1"]);
    asked[0].resolve(node("0.2", { kind: "parent", children: 4 }));
    asked[1].resolve(node("0.2.1"));
    await settled();
    assert.deepEqual(shown(store), ["0", "0.0", "0/more", "0.2", "0.2/more", "0.2.1", "1"]);
  });

  test("somebody came for are read alone", async () => {
    const { store, asked, missing } = opened();
    void missing.readOne("0.2");
    assert.deepEqual(asked[0].question, ["r1", "0.2"]);
    asked[0].resolve(node("0.2"));
    await settled();
    assert.deepEqual(shown(store), ["0", "0.0", "0/more", "0.2", "1"]);
  });
});
