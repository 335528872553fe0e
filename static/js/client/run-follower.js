/**
 * Follows one run without a gap: carries the reducer's effects to the connection and its records to
 * whoever listens. What a page and what a program make of them is theirs.
 */

import { INITIAL, step } from "../model/feed.js";

/** @typedef {import("../model/types.js").Batch} Batch */
/** @typedef {import("../model/types.js").Event} Event */
/** @typedef {import("../model/types.js").Problem} Problem */
/** @typedef {import("../model/types.js").Snapshot} Snapshot */
/** @typedef {import("../model/feed.js").Action} Action */
/** @typedef {import("../model/feed.js").Effect} Effect */

/**
 * Who is told of a run.
 * @typedef {object} Reader
 * @property {(snapshot: Snapshot) => void} reset  forget what was: this is all of it
 * @property {(events: Event[]) => void} apply  changes that follow on what is known
 * @property {(changes: number) => void} [caughtUp]  so much was missed, and has been told
 * @property {() => void} gone  the run was deleted
 * @property {(problem: Problem) => void} refused
 * @property {(batch: Batch) => void} [heard]  a batch came just now, to be applied or not
 * @property {(now: number) => void} [toldTime]  what the server's clock said just now, in ms
 * @property {(isBehind: boolean) => void} [behind]  whether an answer is waited for
 */

export class RunFollower {
  /**
   * @param {string} runId
   * @param {import("./connection.js").Connection} connection
   * @param {Reader} reader
   * @param {{nodes?: "first"}} [wish]  what of the nodes snapshots hold; all, unless it says else
   */
  constructor(runId, connection, reader, wish = {}) {
    this.runId = runId;
    this.connection = connection;
    this.reader = reader;
    this.wish = wish;
    this.feed = INITIAL;
    this.onEvents = this.onEvents.bind(this);
    this.onSnapshot = this.onSnapshot.bind(this);
    this.onGone = this.onGone.bind(this);
  }

  connect() {
    const { socket } = this.connection;
    socket.on("events", this.onEvents);
    socket.on("snapshot", this.onSnapshot);
    socket.on("gone", this.onGone);
    this.connection.hold(this.runId);
  }

  disconnect() {
    const { socket } = this.connection;
    clearTimeout(this.timer);
    socket.off("events", this.onEvents);
    socket.off("snapshot", this.onSnapshot);
    socket.off("gone", this.onGone);
    this.connection.release(this.runId);
    this.feed = INITIAL;
  }

  /** The connection stands, or is gone. @param {boolean} isUp */
  hearOfConnection(isUp) {
    this.dispatch({ type: isUp ? "connected" : "disconnected" });
  }

  /** @param {Batch} batch */
  onEvents(batch) {
    if (batch.run_id !== this.runId) return;
    this.reader.heard?.(batch);
    this.dispatch({ type: "batch", batch });
  }

  /** @param {Snapshot} snapshot */
  onSnapshot(snapshot) {
    if (snapshot.run.id === this.runId) this.dispatch({ type: "snapshot", snapshot });
  }

  /** @param {{run_id: string}} gone */
  onGone(gone) {
    if (gone.run_id === this.runId) this.dispatch({ type: "gone" });
  }

  /** @param {Action} action */
  dispatch(action) {
    const [feed, effects] = step(this.feed, action);
    this.feed = feed;
    this.reader.behind?.(feed.phase === "asking" || feed.phase === "waiting");
    for (const one of effects) this.carryOut(one);
  }

  /** @param {Effect} one */
  carryOut(one) {
    switch (one.type) {
      case "watch":
        void this.watch(one);
        break;
      case "wait":
        this.wait(one.seconds);
        break;
      case "reset":
        this.reader.reset(one.snapshot);
        break;
      case "apply":
        this.reader.apply(one.events);
        break;
      case "caught-up":
        this.reader.caughtUp?.(one.changes);
        break;
      case "gone":
        this.reader.gone();
        break;
      case "refused":
        this.reader.refused(one.problem);
        break;
    }
  }

  /** @param {{question: number, epoch: string|null, seq: number}} watch */
  async watch({ question, epoch, seq }) {
    const position = epoch === null ? {} : { epoch, seq };
    const asked = { run_id: this.runId, ...this.wish, ...position };
    const answer = await this.connection.ask("watch", asked);
    if (answer.now !== undefined) this.reader.toldTime?.(answer.now);
    this.dispatch({ type: "answer", question, answer });
  }

  /** @param {number} seconds */
  wait(seconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.dispatch({ type: "timer" }), seconds * 1000);
  }
}
