/** Who works and what waits, as the server tells it to those who look. */

import { effect, signal } from "@preact/signals";
import { backoff } from "../model/feed.js";

/** @typedef {import("../model/types.js").Workers} Workers */

export class FleetFeed {
  /** @param {Pick<import("../view/services.js").Services, "link"|"clock">} services */
  constructor({ link, clock }) {
    this.link = link;
    this.clock = clock;
    /** @type {import("@preact/signals").Signal<Workers|null>} */
    this.workers = signal(null);
    this.problem = signal("");
    this.tries = 0;
    this.isConnected = false;
    this.hear = (/** @type {Workers} */ workers) => this.onWorkers(workers);
  }

  connect() {
    this.isConnected = true;
    this.link.socket.on("workers", this.hear);
    this.stop = effect(() => {
      if (this.link.up.value) queueMicrotask(() => void this.ask());
    });
  }

  disconnect() {
    if (!this.isConnected) return;
    this.isConnected = false;
    this.stop?.();
    clearTimeout(this.timer);
    this.link.socket.off("workers", this.hear);
    if (this.link.socket.connected) this.link.socket.emit("unwatch_workers", {});
  }

  async ask() {
    clearTimeout(this.timer);
    if (!this.isConnected) return;
    this.asking(true);
    const answer = await this.link.ask("watch_workers", {});
    if (!this.isConnected) return;
    if (answer.error) return this.refused(answer.error);
    this.tries = 0;
    this.problem.value = "";
    this.asking(false);
    this.onWorkers(answer);
  }

  /** For those of whose page it is all there is: until it is answered they are behind.
   * @param {boolean} _isAsking */
  asking(_isAsking) {}

  /** @param {import("../model/types.js").Problem} problem */
  refused(problem) {
    this.problem.value = problem.message;
    if (!this.link.up.peek()) return;
    this.timer = setTimeout(() => void this.ask(), backoff(++this.tries) * 1000);
  }

  /** @param {Workers} workers */
  onWorkers(workers) {
    this.clock.hear(workers.now);
    this.workers.value = workers;
  }
}
