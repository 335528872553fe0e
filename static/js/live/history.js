/** How the latest runs of a parent ended, and how long a run of it will still take. */

import { computed, effect, signal } from "@preact/signals";
import { timeLeft } from "../model/estimate.js";
import { isFinal } from "../model/states.js";

/** @typedef {import("../model/types.js").RecentEnd} RecentEnd */

export class History {
  /**
   * @param {{api: import("../client/api.js").Api, clock: import("./clock.js").Clock}} services
   * @param {import("./run-store.js").RunStore} store
   */
  constructor({ api, clock }, store) {
    this.api = api;
    this.clock = clock;
    this.store = store;
    /** @type {import("@preact/signals").Signal<readonly RecentEnd[]>} */
    this.recent = signal([]);
    /** When progress last moved, as far as this page saw; ms of the server's clock. */
    this.moved = { completion: -1, at: 0 };
    /** Milliseconds (ms) left, by the second; null: nobody can tell. */
    this.left = computed(() => this.estimate());
  }

  /** Read once, when the run is known and goes on. */
  connect() {
    this.stop = effect(() => {
      const run = this.store.run.value;
      if (!run) return;
      this.notice(run.meta.completion);
      if (this.asked || isFinal(run.state)) return;
      this.asked = true;
      void this.read(run.name);
    });
  }

  disconnect() {
    this.stop?.();
  }

  /** @param {string} name */
  async read(name) {
    // Without it the run's own pace still tells.
    const parents = await this.api.parents().catch(() => []);
    this.recent.value = parents.find((parent) => parent.name === name)?.recent ?? [];
  }

  /** @param {number} completion */
  notice(completion) {
    if (completion !== this.moved.completion)
      this.moved = { completion, at: this.clock.exact() };
  }

  estimate() {
    const run = this.store.run.value;
    if (!run || run.started_at === null) return null;
    if (run.state !== "STARTED" && run.state !== "PROGRESS") return null;
    const [started, now] = [run.started_at, this.clock.now.value];
    const { completion } = run.meta;
    const moved = Math.max(0, this.moved.at - started);
    return timeLeft({ elapsed: now - started, moved, completion }, this.recent.value);
  }
}
