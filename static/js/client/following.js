/** One iteration over a run: from the connection to a bounded queue, with an end. */

import { ASK_AGAIN } from "../model/feed.js";
import { isFinal } from "../model/states.js";
import { ChangeQueue } from "./change-queue.js";
import { noAnswer, Refused, RunGone, Unreachable, WrongServer } from "./errors.js";
import { RunFollower } from "./run-follower.js";

/** @typedef {import("./run-view.js").Change} Change */

export class Following {
  /** @param {import("./run.js").Run} run @param {AbortSignal} [signal] */
  constructor(run, signal) {
    this.run = run;
    this.signal = signal;
    this.client = run.client;
    this.queue = new ChangeQueue();
    this.queue.put(run.unread.splice(0));
    this.follower = new RunFollower(run.id, this.client.connection, this);
    this.why = "nothing was heard of it";
    /** Runs while nothing is heard. @type {ReturnType<typeof setTimeout>|undefined} */
    this.timer = undefined;
    this.onAbort = () => this.queue.end(/** @type {Error} */ (this.signal?.reason));
    /** @type {import("./connection.js").Listener} */
    this.listener = {
      up: () => this.follower.hearOfConnection(true),
      down: () => this.onDown(),
      failed: (error) => this.onFailedConnection(error),
      refused: (error) => this.onRefusedConnection(error),
      closed: () => this.queue.end(new Unreachable("The client was closed.")),
    };
  }

  connect() {
    this.beSilent();
    this.client.connection.listeners.add(this.listener);
    this.follower.connect();
    this.signal?.addEventListener("abort", this.onAbort);
    if (this.signal?.aborted) this.onAbort();
    this.client.open();
    if (this.client.connection.isUp) this.follower.hearOfConnection(true);
  }

  disconnect() {
    clearTimeout(this.timer);
    this.signal?.removeEventListener("abort", this.onAbort);
    this.client.connection.listeners.delete(this.listener);
    this.follower.disconnect();
    this.run.unread = this.queue.changes;
  }

  /** @param {import("../model/types.js").Snapshot} snapshot */
  reset(snapshot) {
    this.put(this.run.view.reset(snapshot));
  }

  /** @param {import("../model/types.js").Event[]} events */
  apply(events) {
    this.put(this.run.view.apply(events));
  }

  gone() {
    const unknown = { code: "run_not_found", message: `There is no run ${this.run.id}.` };
    const wasKnown = this.run.view.isKnown;
    this.queue.end(wasKnown ? new RunGone("The run was deleted.") : new Refused(unknown));
  }

  /** @param {import("../model/types.js").Problem} problem */
  refused(problem) {
    this.queue.end(new Refused(problem));
  }

  /** @param {boolean} isBehind */
  behind(isBehind) {
    if (isBehind) return this.beSilent();
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** @param {Change[]} changes */
  put(changes) {
    this.queue.put(changes);
    if (isFinal(this.run.view.run?.state ?? "")) this.queue.end();
  }

  onDown() {
    this.follower.hearOfConnection(false);
    this.why = "the connection was lost";
    this.beSilent();
  }

  /** @param {Error & {description?: any}} error  of socket.io-client, with the socket's own */
  onFailedConnection(error) {
    const problem = noAnswer(this.client.server, error.description?.error ?? error);
    if (problem instanceof WrongServer) this.queue.end(problem);
    else this.why = problem.message.replace(/\.$/, "");
  }

  /** @param {import("./connection.js").RefusedConnection} error */
  onRefusedConnection(error) {
    const problem = error.data?.error;
    if (!problem) this.why = error.message;
    else if (!ASK_AGAIN.has(problem.code)) this.queue.end(new Refused(problem));
  }

  /** From now on the server has the client's patience to be heard of. */
  beSilent() {
    const { patience } = this.client;
    this.timer ??= setTimeout(() => {
      this.queue.end(new Unreachable(`No answer for ${patience / 1000} s: ${this.why}.`));
    }, patience);
  }
}
