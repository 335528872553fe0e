/** The parents that can be started: read when the page begins and after each reconnecting. */

import { batch, computed, effect, signal } from "@preact/signals";
import { endOf, withEnd } from "../model/recent-ends.js";

/** @typedef {import("../model/types.js").Parent} Parent */
/** @typedef {import("../model/types.js").Run} Run */
/** @typedef {import("../model/types.js").RecentEnd} RecentEnd */
/** @typedef {ReadonlyMap<string, readonly RecentEnd[]>} Ends */

export class Parents {
  /** @param {{link: import("./link.js").Link, api: import("../client/api.js").Api}} services */
  constructor({ link, api }) {
    this.link = link;
    this.api = api;
    /** By name. @type {import("@preact/signals").Signal<ReadonlyMap<string, Parent>>} */
    this.known = signal(new Map());
    /** Whether the catalogue has been asked for, whatever the answer. */
    this.asked = signal(false);
    this.names = computed(() => [...this.known.value.keys()].sort());
    /**
     * Ends of each parent's latest runs, in an order that stays while the page does.
     * @type {import("@preact/signals").Signal<Ends>}
     */
    this.ends = signal(new Map());
    this.onRuns = this.onRuns.bind(this);
  }

  connect() {
    this.link.socket.on("runs", this.onRuns);
    this.stop = effect(() => {
      if (this.link.up.value) queueMicrotask(() => void this.read());
    });
  }

  disconnect() {
    this.stop?.();
    this.link.socket.off("runs", this.onRuns);
  }

  /** Without the catalogue the list can still be narrowed by words, so a refusal is no problem. */
  async read() {
    const parents = await this.api.parents().catch(() => null);
    batch(() => {
      this.asked.value = true;
      if (!parents) return;
      this.known.value = new Map(parents.map((parent) => [parent.name, parent]));
      this.ends.value = new Map(lastHeardFirst(parents).map((one) => [one.name, one.recent ?? []]));
    });
  }

  /**
   * The list tells of the runs that it shows, and how the others ended; the latter is lost with who
   * fell behind and is given the whole page again.
   * @param {{runs: Run[], ended?: (RecentEnd & {name: string})[], next?: string|null}} changes
   */
  onRuns({ runs, ended = [], next }) {
    if (next !== undefined) return void this.read();
    const ends = new Map(this.ends.peek());
    const shown = runs.map((run) => ({ name: run.name, end: endOf(run) }));
    for (const { name, end } of [...shown, ...ended.map(({ name, ...end }) => ({ name, end }))])
      if (end) ends.set(name, withEnd(ends.get(name) ?? [], end));
    this.ends.value = ends;
  }
}

/** @param {Parent[]} parents */
const lastHeardFirst = (parents) =>
  [...parents].sort((a, b) => (b.recent?.[0]?.ended_at ?? 0) - (a.recent?.[0]?.ended_at ?? 0));
