/** Follows one run for a page: what is told goes to its store, once per animation frame. */

import { effect } from "@preact/signals";
import { RunFollower } from "../client/run-follower.js";
import { plural } from "../model/format.js";
import { FrameQueue } from "./frame-queue.js";

/** @typedef {import("../model/types.js").Event} Event */
/** @typedef {import("../model/types.js").Run} Run */
/** @typedef {import("../model/types.js").Node} Node */

/** The queue's key of the run itself; no path looks like it. */
const ROOT = "run";

export class RunFeed {
  /**
   * @param {string} runId
   * @param {{link: import("./link.js").Link, clock: import("./clock.js").Clock}} services
   * @param {import("./run-store.js").RunStore} store
   */
  constructor(runId, { link, clock }, store) {
    this.link = link;
    this.clock = clock;
    this.store = store;
    this.follower = new RunFollower(runId, link.connection, this, { nodes: "first" });
    /** @type {FrameQueue<{run?: Run, node?: Node}>} */
    this.queue = new FrameQueue((records) => this.deliver(records));
  }

  connect() {
    this.follower.connect();
    this.stop = effect(() => {
      const isUp = this.link.up.value;
      queueMicrotask(() => this.follower.hearOfConnection(isUp));
    });
  }

  disconnect() {
    this.stop?.();
    this.queue.clear();
    this.follower.disconnect();
    this.link.mark(this, false);
  }

  /** @param {import("../model/types.js").Batch} batch */
  heard(batch) {
    for (const event of batch.events.slice(-1)) this.clock.hear(event.at);
  }

  /** @param {number} now  ms by the server's clock */
  toldTime(now) {
    this.clock.hear(now);
  }

  /** @param {import("../model/types.js").Snapshot} snapshot */
  reset(snapshot) {
    this.queue.clear();
    this.store.reset(snapshot);
  }

  /** @param {Event[]} events */
  apply(events) {
    for (const event of events) this.queue.put(event.node?.path ?? ROOT, event);
  }

  /** @param {boolean} isBehind */
  behind(isBehind) {
    this.link.mark(this, isBehind);
  }

  /** @param {number} changes */
  caughtUp(changes) {
    const missed = changes ? plural(changes, "change") : "nothing missed";
    this.link.news.value = `Caught up, ${missed}`;
  }

  gone() {
    this.store.gone.value = true;
  }

  /** @param {import("../model/types.js").Problem} problem */
  refused(problem) {
    this.store.refused.value = problem;
  }

  /** @param {Map<string, {run?: Run, node?: Node}>} records */
  deliver(records) {
    const run = records.get(ROOT)?.run;
    if (run) this.store.run.value = run;
    this.store.putNodes([...records.values()].flatMap((record) => record.node ?? []));
  }
}
