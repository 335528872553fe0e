/** How the latest runs of a parent ended, and how long a run of it will still take. */

import { computed, effect, signal } from "@preact/signals";
import { tenthOf, timeLeft } from "../model/estimate.js";
import { isFinal } from "../model/states.js";

/** @typedef {import("../model/types.js").RecentEnd} RecentEnd */

export class History {
  /**
   * @param {{api: import("../client/api.js").Api, clock: import("./clock.js").Clock,
   *   link: import("./link.js").Link}} services
   * @param {import("./run-store.js").RunStore} store
   */
  constructor({ api, clock, link }, store) {
    this.api = api;
    this.clock = clock;
    this.link = link;
    this.store = store;
    /** @type {import("@preact/signals").Signal<readonly RecentEnd[]>} */
    this.recent = signal([]);
    /**
     * When progress last moved, as far as this page saw, and what it was when it came into the
     * present tenth, if this page was there; ms of the server's clock.
     * @type {{completion: number, at: number, entered?: number}}
     */
    this.moved = { completion: -1, at: 0 };
    /** Whether nothing was missed since. */
    this.isWatching = false;
    /** Milliseconds (ms) left, by the second; null: nobody can tell. */
    this.left = computed(() => this.estimate());
  }

  /** Read once, when the run is known and goes on. */
  connect() {
    this.stop = effect(() => {
      const run = this.store.run.value;
      const isLive = this.link.state.value === "live";
      if (!run) return;
      this.notice(run.meta.completion, isLive);
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

  /** @param {number} completion @param {boolean} isLive */
  notice(completion, isLive) {
    const before = this.moved;
    if (completion !== before.completion) {
      const isSameTenth = tenthOf(completion) === tenthOf(before.completion);
      const goesOn = isSameTenth && completion > before.completion;
      const sawItCome = this.isWatching && isLive;
      const entered = goesOn ? before.entered : sawItCome ? completion : undefined;
      this.moved = { completion, at: this.clock.exact(), entered };
    }
    this.isWatching = isLive;
  }

  estimate() {
    const run = this.store.run.value;
    if (!run || run.started_at === null) return null;
    if (run.state !== "STARTED" && run.state !== "PROGRESS") return null;
    const [started, now] = [run.started_at, this.clock.now.value];
    const { completion } = run.meta;
    const moved = Math.max(0, this.moved.at - started);
    const { entered } = this.moved;
    return timeLeft({ elapsed: now - started, moved, completion, entered }, this.recent.value);
  }
}
