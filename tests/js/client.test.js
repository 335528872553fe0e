import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { describe, test } from "node:test";
import { ChangeQueue } from "../../static/js/client/change-queue.js";
import { Connection } from "../../static/js/client/connection.js";
import { RunGone, Unreachable, WrongServer } from "../../static/js/client/errors.js";
import { Run } from "../../static/js/client/run.js";
import { RunView } from "../../static/js/client/run-view.js";
import { batch, event, node, run, snapshot } from "./records.js";

/** A socket without a network: the test plays the server. */
class FakeSocket extends EventEmitter {
  io = new EventEmitter();
  connected = false;
  active = true;
  sent = [];
  /** What was asked and not yet answered, by event. */
  asked = new EventEmitter();
  catchAll = new Set();

  onAny(listener) {
    this.catchAll.add(listener);
  }

  offAny(listener) {
    this.catchAll.delete(listener);
  }

  connect() {
    return this;
  }

  disconnect() {
    this.connected = false;
    return this;
  }

  emit(name, ...words) {
    if (["unwatch"].includes(name)) return this.sent.push([name, ...words]);
    for (const listener of this.catchAll) listener(name, ...words);
    return super.emit(name, ...words);
  }

  timeout() {
    return {
      emitWithAck: (name, payload) =>
        new Promise((resolve) => setImmediate(() => this.asked.emit(name, payload, resolve))),
    };
  }

  /** From now on the connection stands, or is gone. */
  turn(isUp) {
    this.connected = isUp;
    this.emit(isUp ? "connect" : "disconnect", "transport close");
  }
}

/** A run whose server is the test. */
function followed({ patience = 60_000 } = {}) {
  const socket = new FakeSocket();
  const connection = new Connection(socket);
  connection.connect();
  const client = { connection, patience, open: () => {} };
  return { socket, connection, held: new Run("r1", client) };
}

async function all(changes) {
  const found = [];
  for await (const change of changes) found.push(change);
  return found;
}

async function answer(socket, content) {
  const [payload, acknowledge] = await once(socket.asked, "watch");
  acknowledge(content);
  await new Promise(setImmediate); // until it was taken
  return payload;
}

const ended = (seq) => run({ seq, state: "SUCCESS" });
const paths = (changes) => changes.map(({ path }) => path);

describe("a run", () => {
  test("is iterated over to its end", async () => {
    const { socket, held } = followed();
    const told = all(held);
    socket.turn(true);
    await answer(socket, { snapshot: snapshot(1, { nodes: [node("0")] }) });
    socket.emit("events", batch(1, 2, { events: [event(2, { node: node("1") })] }));
    socket.emit("events", batch(2, 3, { events: [{ seq: 3, at: 3, run: ended(3) }] }));
    assert.deepEqual(paths(await told), ["0", "", "1", ""]);
    assert.deepEqual(socket.sent, [["unwatch", { run_id: "r1" }]]);
  });

  test("goes on after a lost connection where it was", async () => {
    const { socket, held } = followed();
    const told = all(held);
    socket.turn(true);
    await answer(socket, { snapshot: snapshot(1) });
    socket.turn(false);
    socket.turn(true);
    const events = [event(2), { seq: 3, at: 3, run: ended(3) }];
    const asked = await answer(socket, { batch: batch(1, 3, { events }) });
    assert.deepEqual(asked, { run_id: "r1", epoch: "e1", seq: 1 });
    assert.deepEqual(
      (await told).map(({ seq }) => seq),
      [1, 2, 3],
    );
  });

  test("goes on where it was after the server was cut off from its news", async () => {
    const { socket, connection, held } = followed();
    const told = all(held);
    socket.turn(true);
    await answer(socket, { snapshot: snapshot(1) });
    socket.emit("relay", { hears: false });
    assert.equal(connection.isUp, false);
    socket.emit("relay", { hears: true });
    const events = [{ seq: 2, at: 2, run: ended(2) }];
    const asked = await answer(socket, { batch: batch(1, 2, { events }) });
    assert.deepEqual(asked, { run_id: "r1", epoch: "e1", seq: 1 });
    assert.equal((await told).at(-1).seq, 2);
  });

  test("is told on where it was left", async () => {
    const { socket, held } = followed();
    socket.turn(true);
    const first = held.changes();
    const one = first.next();
    await answer(socket, { snapshot: snapshot(1, { nodes: [node("0"), node("1")] }) });
    assert.equal((await one).value.path, "0");
    await first.return();
    const told = all(held);
    const nodes = [node("0"), node("1")];
    await answer(socket, { snapshot: snapshot(2, { run: ended(2), nodes }) });
    assert.deepEqual(paths(await told), ["1", "", ""]);
  });

  test("that is not there is refused, one that was deleted is gone", async () => {
    const { socket, held } = followed();
    const refused = assert.rejects(all(held), { name: "Refused", code: "run_not_found" });
    socket.turn(true);
    await answer(socket, { error: { code: "run_not_found", message: "no" } });
    await refused;
    const gone = assert.rejects(all(held), RunGone);
    await answer(socket, { snapshot: snapshot(1) });
    socket.emit("gone", { run_id: "r1" });
    await gone;
  });

  test("of a server that stays away ends in an error", async () => {
    const { held } = followed({ patience: 5 });
    await assert.rejects(all(held), Unreachable);
  });

  test("of a server that refuses the connection ends in its words", async () => {
    const { socket, held, connection } = followed();
    const told = all(held);
    socket.active = false;
    const problem = { code: "unauthorized", message: "Sign in." };
    socket.emit("connect_error", Object.assign(new Error("no"), { data: { error: problem } }));
    await assert.rejects(told, (error) => error.code === "unauthorized");
    connection.disconnect();
  });

  test("of an address that leads elsewhere ends at once", async () => {
    const { socket, held } = followed();
    const told = all(held);
    const description = { error: new Error("Unexpected server response: 404") };
    socket.emit("connect_error", Object.assign(new Error("websocket error"), { description }));
    await assert.rejects(told, WrongServer);
  });

  test("is followed as long as the caller's signal says", async () => {
    const { held } = followed();
    const stop = new AbortController();
    const told = all(held.changes({ signal: stop.signal }));
    stop.abort(new Error("enough"));
    await assert.rejects(told, /enough/);
  });

  test("that two follow is told until both have left", async () => {
    const { socket, connection } = followed();
    socket.connected = true;
    connection.hold("r1");
    connection.hold("r1");
    connection.release("r1");
    assert.deepEqual(socket.sent, []);
    connection.release("r1");
    assert.deepEqual(socket.sent, [["unwatch", { run_id: "r1" }]]);
  });
});

describe("a connection that was silent for longer than the server waits", () => {
  /** A connection that stands, and how often it was made anew. */
  function standing(t) {
    t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
    const socket = new FakeSocket();
    const connection = new Connection(socket);
    t.mock.method(connection, "hurry");
    connection.connect();
    socket.turn(true);
    return { t, socket, connection, hurried: () => connection.hurry.mock.callCount() };
  }

  test("is made anew", (t) => {
    const { connection, hurried } = standing(t);
    t.mock.timers.setTime(1_000_000 + 60_000);
    connection.check();
    assert.equal(hurried(), 1);
  });

  test("is left alone while the server's pings are heard", (t) => {
    const { socket, connection, hurried } = standing(t);
    for (const passed of [25_000, 50_000, 75_000]) {
      t.mock.timers.setTime(1_000_000 + passed);
      connection.check();
      socket.io.emit("ping");
    }
    assert.equal(hurried(), 0);
  });

  test("is left alone while events are heard", (t) => {
    const { socket, connection, hurried } = standing(t);
    for (const passed of [40_000, 80_000]) {
      t.mock.timers.setTime(1_000_000 + passed);
      socket.emit("batch", {});
      connection.check();
    }
    assert.equal(hurried(), 0);
    assert.equal(connection.heardAt, 1_080_000);
  });

  test("is left alone where it is gone anyway", (t) => {
    const { socket, connection, hurried } = standing(t);
    socket.turn(false);
    t.mock.timers.setTime(1_000_000 + 60_000);
    connection.check();
    assert.equal(hurried(), 0);
  });
});

describe("a connection", () => {
  /** What a connection told a listener, in order. */
  function heard() {
    const socket = new FakeSocket();
    const connection = new Connection(socket);
    const told = [];
    connection.listeners.add({ up: () => told.push("up"), down: () => told.push("down") });
    connection.connect();
    return { socket, told };
  }

  test("to a server that is deaf already is not up when it stands", () => {
    const { socket, told } = heard();
    socket.emit("relay", { hears: false });
    socket.turn(true);
    assert.deepEqual(told, ["down"]);
    socket.emit("relay", { hears: true });
    assert.deepEqual(told, ["down", "up"]);
  });

  test("to another server takes for granted that it hears", () => {
    const { socket, told } = heard();
    socket.turn(true);
    socket.emit("relay", { hears: false });
    socket.turn(false);
    socket.turn(true);
    assert.deepEqual(told, ["up", "down", "down", "up"]);
  });

  test("is told nothing by a server that repeats itself", () => {
    const { socket, told } = heard();
    socket.turn(true);
    socket.emit("relay", { hears: true });
    assert.deepEqual(told, ["up"]);
  });
});

describe("what is known of a run", () => {
  test("a snapshot tells what differs, whatever the order of its fields", () => {
    const view = new RunView();
    view.reset(snapshot(1, { nodes: [node("0"), node("1")] }));
    const turned = Object.fromEntries(Object.entries(node("0")).reverse());
    const moved = node("1", { state: "SUCCESS" });
    assert.deepEqual(paths(view.reset(snapshot(9, { nodes: [turned, moved] }))), ["1"]);
  });

  test("nodes that a snapshot doesn't hold are forgotten", () => {
    const view = new RunView();
    view.reset(snapshot(1, { nodes: [node("0"), node("1")] }));
    view.reset(snapshot(2, { nodes: [node("1")] }));
    assert.deepEqual([...view.nodes.keys()], ["1"]);
  });
});

describe("changes that wait", () => {
  const change = (path, seq) => ({ path, seq });

  test("come in order", async () => {
    const queue = new ChangeQueue();
    queue.put([change("0", 1), change("0", 2)]);
    queue.end();
    assert.deepEqual(await queue.take(), change("0", 1));
    assert.deepEqual(await queue.take(), change("0", 2));
    assert.equal(await queue.take(), undefined);
  });

  test("are no more than the newest of each node beyond the bound", () => {
    const queue = new ChangeQueue(10);
    for (let seq = 1; seq <= 1000; seq++) queue.put([change(String(seq % 3), seq)]);
    assert.ok(queue.changes.length <= 10);
    assert.deepEqual(queue.changes.at(-1), change("1", 1000));
  });

  test("are taken before an error is thrown", async () => {
    const queue = new ChangeQueue();
    queue.put([change("0", 1)]);
    queue.end(new Error("cut"));
    assert.equal((await queue.take()).seq, 1);
    await assert.rejects(queue.take(), /cut/);
  });
});
