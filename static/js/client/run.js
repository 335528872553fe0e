/** A run as a program holds it: iterate over it to see it move, ask for its value, stop it. */

import { isFinal } from "../model/states.js";
import { RunFailed } from "./errors.js";
import { Following } from "./following.js";
import { RunView } from "./run-view.js";

/** @typedef {import("../model/types.js").Run} RunRecord */
/** @typedef {import("./run-view.js").Change} Change */

export class Run {
  /**
   * @param {string} id
   * @param {import("./client.js").Client} client
   */
  constructor(id, client) {
    this.id = id;
    this.client = client;
    this.view = new RunView();
    /** Changes that an iteration left behind when it was left. @type {Change[]} */
    this.unread = [];
  }

  /** The newest record that is known; null before anything was heard. @returns {RunRecord|null} */
  get record() {
    return this.view.run;
  }

  /** The newest known records of what is under the run, by path. */
  get nodes() {
    return this.view.nodes;
  }

  [Symbol.asyncIterator]() {
    return this.changes();
  }

  /**
   * Yields what there is now, then each change, until the run has ended. Who is slow gets the
   * newest record of each node, and may miss states in between, never the last. Throws Refused,
   * RunGone, Unreachable after the client's patience, and the signal's reason if that aborts.
   * @param {{signal?: AbortSignal}} [options]
   * @returns {AsyncGenerator<Change, void, void>}
   */
  async *changes({ signal } = {}) {
    const following = new Following(this, signal);
    following.connect();
    try {
      for (;;) {
        const change = await following.queue.take();
        if (change === undefined) return;
        yield change;
      }
    } finally {
      following.disconnect();
    }
  }

  /**
   * The run's record once it has ended, well or not, with its value however large that is.
   * @param {{signal?: AbortSignal}} [options] @returns {Promise<RunRecord>}
   */
  async ended(options) {
    if (!this.view.run || !isFinal(this.view.run.state)) {
      const changes = this.changes(options);
      while (!(await changes.next()).done);
    }
    const run = /** @type {RunRecord} */ (this.view.run);
    if (!run.omitted.length) return run;
    this.view.run = await this.client.call((api) => api.whole(this.id));
    return this.view.run;
  }

  /**
   * What the run returned, after its end. Throws RunFailed if it ended otherwise.
   * @param {{signal?: AbortSignal}} [options] @returns {Promise<unknown>}
   */
  async value(options) {
    const run = await this.ended(options);
    if (run.state !== "SUCCESS") throw new RunFailed(run);
    return run.value;
  }

  /**
   * Ask the run, or what is under a path, to stop.
   * @param {{path?: string, reason?: string}} [what]
   */
  async revoke({ path = "", reason = "" } = {}) {
    await this.client.call((api) => api.revoke(this.id, path, reason));
  }

  /** Let it go on after it ended badly; finished steps are kept. Then iterate again. */
  async retry() {
    this.view.run = await this.client.callOnce((api) => api.retry(this.id));
  }

  /** A new run like this one. @param {Record<string, unknown>} [kwargs] @returns {Promise<Run>} */
  async rerun(kwargs) {
    const run = await this.client.callOnce((api) => api.rerun(this.id, kwargs));
    return this.client.run(run.id);
  }

  /** Remove the run after its end, with all that is kept of it. */
  async remove() {
    await this.client.callOnce((api) => api.remove(this.id));
  }
}
