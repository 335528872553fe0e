/** Who works, as the server tells it; those that vanish are remembered while the page is open. */

import { effect, signal } from "@preact/signals";
import { backoff } from "../model/feed.js";
import { stillLost } from "../model/fleet.js";

/** @typedef {import("../model/types.js").Workers} Workers */
/** @typedef {import("../model/types.js").Worker} Worker */

export class WorkersFeed {
  /** @param {Pick<import("../view/services.js").Services, "link"|"clock"|"announcer">} services */
  constructor({ link, clock, announcer }) {
    this.link = link;
    this.clock = clock;
    this.announcer = announcer;
    /** @type {import("@preact/signals").Signal<Workers|null>} */
    this.workers = signal(null);
    /** Dead ones whose runs were taken over. @type {import("@preact/signals").Signal<Worker[]>} */
    this.lost = signal([]);
    this.problem = signal("");
    this.tries = 0;
    this.onWorkers = this.onWorkers.bind(this);
  }

  connect() {
    this.link.socket.on("workers", this.onWorkers);
    this.stop = effect(() => {
      if (this.link.up.value) queueMicrotask(() => void this.ask());
    });
  }

  disconnect() {
    this.stop?.();
    clearTimeout(this.timer);
    this.link.mark(this, false);
    this.link.socket.off("workers", this.onWorkers);
    if (this.link.socket.connected) this.link.socket.emit("unwatch_workers", {});
  }

  async ask() {
    clearTimeout(this.timer);
    this.link.mark(this, true);
    const answer = await this.link.ask("watch_workers", {});
    if (answer.error) return this.refused(answer.error);
    this.tries = 0;
    this.problem.value = "";
    this.link.mark(this, false);
    this.onWorkers(answer);
  }

  /** @param {import("../model/types.js").Problem} problem */
  refused(problem) {
    this.problem.value = problem.message;
    if (!this.link.up.peek()) return;
    this.timer = setTimeout(() => void this.ask(), backoff(++this.tries) * 1000);
  }

  /** @param {Workers} workers */
  onWorkers(workers) {
    this.clock.hear(workers.now);
    const known = new Set(this.lost.peek().map((worker) => worker.name));
    this.lost.value = stillLost(this.lost.peek(), this.workers.peek(), workers);
    for (const { name } of this.lost.peek())
      if (!known.has(name)) this.announcer.say(`Worker ${name} is gone.`, name);
    this.workers.value = workers;
  }
}
