/** Follows one run: carries the reducer's effects to the socket and its records to the store. */

import { effect } from "@preact/signals";
import { INITIAL, step } from "../model/feed.js";
import { plural } from "../model/format.js";
import { FrameQueue } from "./frame-queue.js";

/** @typedef {import("../model/types.js").Batch} Batch */
/** @typedef {import("../model/types.js").Snapshot} Snapshot */
/** @typedef {import("../model/types.js").Run} Run */
/** @typedef {import("../model/types.js").Node} Node */
/** @typedef {import("../model/feed.js").Action} Action */
/** @typedef {import("../model/feed.js").Effect} Effect */

/** The queue's key of the run itself; no path looks like it. */
const ROOT = "run";

export class RunFeed {
  /**
   * @param {string} runId
   * @param {{link: import("./link.js").Link, clock: import("./clock.js").Clock}} services
   * @param {import("./run-store.js").RunStore} store
   */
  constructor(runId, { link, clock }, store) {
    this.runId = runId;
    this.link = link;
    this.clock = clock;
    this.store = store;
    this.feed = INITIAL;
    /** @type {FrameQueue<{run?: Run, node?: Node}>} */
    this.queue = new FrameQueue((records) => this.deliver(records));
    this.onEvents = this.onEvents.bind(this);
    this.onSnapshot = this.onSnapshot.bind(this);
    this.onGone = this.onGone.bind(this);
  }

  connect() {
    this.link.socket.on("events", this.onEvents);
    this.link.socket.on("snapshot", this.onSnapshot);
    this.link.socket.on("gone", this.onGone);
    this.stop = effect(() => {
      const type = this.link.up.value ? "connected" : "disconnected";
      queueMicrotask(() => this.dispatch({ type }));
    });
  }

  disconnect() {
    this.stop?.();
    clearTimeout(this.timer);
    this.queue.clear();
    this.link.mark(this, false);
    this.link.socket.off("events", this.onEvents);
    this.link.socket.off("snapshot", this.onSnapshot);
    this.link.socket.off("gone", this.onGone);
    if (this.link.socket.connected) this.link.socket.emit("unwatch", { run_id: this.runId });
  }

  /** @param {Batch} batch */
  onEvents(batch) {
    if (batch.run_id !== this.runId) return;
    for (const event of batch.events.slice(-1)) this.clock.hear(event.at);
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
    this.link.mark(this, feed.phase === "asking" || feed.phase === "waiting");
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
        this.queue.clear();
        this.store.reset(one.snapshot);
        break;
      case "apply":
        this.enqueue(one.events);
        break;
      case "caught-up":
        this.link.news.value = `Caught up, ${plural(one.changes, "change")}`;
        break;
      case "gone":
        this.store.gone.value = true;
        break;
      case "refused":
        this.store.refused.value = one.problem;
        break;
    }
  }

  /** @param {{question: number, epoch: string|null, seq: number}} watch */
  async watch({ question, epoch, seq }) {
    const position = epoch === null ? {} : { epoch, seq };
    const answer = await this.link.ask("watch", { run_id: this.runId, ...position });
    this.dispatch({ type: "answer", question, answer });
  }

  /** @param {number} seconds */
  wait(seconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.dispatch({ type: "timer" }), seconds * 1000);
  }

  /** @param {import("../model/types.js").Event[]} events */
  enqueue(events) {
    for (const event of events) this.queue.put(event.node?.path ?? ROOT, event);
  }

  /** @param {Map<string, {run?: Run, node?: Node}>} records */
  deliver(records) {
    const run = records.get(ROOT)?.run;
    if (run) this.store.run.value = run;
    this.store.putNodes([...records.values()].flatMap((record) => record.node ?? []));
  }
}
