/** How the latest runs of a parent ended, and how long a run of it will still take. */

import { computed, effect, signal } from "@preact/signals";
import { keptOf, tenthOf, timeLeft } from "../model/estimate.js";
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
     * present tenth, if this page was there; ms of the server's clock. Who has only just come takes it
     * to have moved now, and it moved no earlier than `since`.
     * @type {{completion: number, at: number, since: number, entered?: number}}
     */
    this.moved = { completion: -1, at: 0, since: 0 };
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
      const at = this.clock.exact();
      this.moved = { completion, at, since: sawItCome ? at : this.lastKnown(before.at), entered };
    }
    this.isWatching = isLive;
  }

  /** When a task of this run began or ended last, as far as is known; ms. @param {number} least */
  lastKnown(least) {
    const nodes = [...this.store.nodes.values()].map((node) => node.peek());
    return nodes.reduce(
      (last, { started_at, finalized_at }) => Math.max(last, started_at ?? 0, finalized_at ?? 0),
      Math.max(least, beginningOf(this.store.run.peek()) ?? 0),
    );
  }

  estimate() {
    const run = this.store.run.value;
    const started = beginningOf(run);
    if (!run || started === null) return null;
    if (run.state !== "STARTED" && run.state !== "PROGRESS") return null;
    const now = this.clock.now.value;
    const { completion } = run.meta;
    const kept = run.retried_at ? this.kept(completion, run.retried_at) : 0;
    const { at, since, entered } = this.moved;
    const [moved, doubt] = [Math.max(0, at - started), Math.max(0, at - since)];
    return timeLeft(
      { elapsed: now - started, moved, doubt, completion, entered, kept },
      this.recent.value,
    );
  }

  /** @param {number} completion @param {number} began  ms */
  kept(completion, began) {
    return keptOf(completion, [...this.store.nodes.values()].map((node) => node.peek()), began);
  }
}

/** When its present try began, in ms. @param {import("../model/types.js").Run|null} run */
const beginningOf = (run) => run?.retried_at ?? run?.started_at ?? null;
