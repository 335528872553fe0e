/** Who works: heard from the socket where the server can, else read once and on demand. */

import { effect, signal } from "@preact/signals";

/** @typedef {import("../model/types.js").Workers} Workers */

export class WorkersFeed {
  /** @param {{link: import("./link.js").Link, api: import("../client/api.js").Api}} services */
  constructor({ link, api }) {
    this.link = link;
    this.api = api;
    /** @type {import("@preact/signals").Signal<Workers|null>} */
    this.workers = signal(null);
    this.following = signal(false);
    this.problem = signal("");
    this.onWorkers = this.onWorkers.bind(this);
  }

  connect() {
    this.link.socket.on("workers", this.onWorkers);
    this.stop = effect(() => {
      if (this.link.up.value) queueMicrotask(() => void this.begin());
      else this.following.value = false;
    });
  }

  disconnect() {
    this.stop?.();
    this.link.socket.off("workers", this.onWorkers);
    if (this.link.socket.connected) this.link.socket.emit("unwatch_workers", {});
  }

  async begin() {
    void this.read();
    const answer = await this.link.ask("watch_workers", {});
    if (answer.error) return;
    this.following.value = true;
    this.workers.value = answer;
  }

  async read() {
    try {
      this.workers.value = await this.api.workers();
      this.problem.value = "";
    } catch (error) {
      this.problem.value = error instanceof Error ? error.message : String(error);
    }
  }

  /** @param {Workers} workers */
  onWorkers(workers) {
    this.workers.value = workers;
  }
}
