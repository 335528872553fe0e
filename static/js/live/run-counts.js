/** How many runs each state has, counted again after states have changed, never on a timer. */

import { effect, signal } from "@preact/signals";
import { filterQuery } from "../model/run-list.js";

/** @typedef {import("../model/types.js").Run} Run */
/** @typedef {import("../model/run-list.js").Filter} Filter */

/** Milliseconds (ms) between two countings, however many states change meanwhile. */
const REST = 2_000;

export class RunCounts {
  /**
   * @param {{link: import("./link.js").Link, api: import("../client/api.js").Api,
   *   clock: import("./clock.js").Clock}} services
   * @param {import("./list-store.js").ListStore} store
   */
  constructor({ link, api, clock }, store) {
    this.link = link;
    this.clock = clock;
    this.api = api;
    this.store = store;
    /** @type {import("@preact/signals").Signal<Partial<Record<string, number>>|null>} */
    this.counts = signal(null);
    /** @type {Filter|null} */
    this.filter = null;
    this.question = 0;
    this.resting = false;
    this.wanted = false;
    this.onRuns = this.onRuns.bind(this);
  }

  connect() {
    this.link.socket.on("runs", this.onRuns);
    this.stop = effect(() => {
      if (this.link.up.value) queueMicrotask(() => this.ask());
    });
  }

  disconnect() {
    this.stop?.();
    clearTimeout(this.timer);
    this.link.socket.off("runs", this.onRuns);
  }

  /** @param {Filter} filter  all of it but its state is counted by */
  setFilter(filter) {
    const before = this.filter && filterQuery({ ...this.filter, state: "" }, 0);
    this.filter = filter;
    if (before !== null && before === filterQuery({ ...filter, state: "" }, 0)) return;
    if (this.stop) void this.read(); // else it asks when it is connected
  }

  /** @param {{runs: Run[], gone?: string[], others?: boolean}} changes */
  onRuns(changes) {
    const isNews = (/** @type {Run} */ run) =>
      this.store.runs.get(run.id)?.peek().state !== run.state;
    if (changes.others || changes.gone?.length || changes.runs.some(isNews)) this.ask();
  }

  /** Count now, or once the rest after the last counting is over. */
  ask() {
    this.wanted = true;
    if (this.resting) return;
    this.wanted = false;
    this.resting = true;
    this.timer = setTimeout(() => {
      this.resting = false;
      if (this.wanted) this.ask();
    }, REST);
    void this.read();
  }

  async read() {
    if (!this.filter) return;
    const question = ++this.question;
    if (this.filter.time) await this.clock.told; // how far back that is, is counted by its clock
    const query = filterQuery({ ...this.filter, state: "" }, this.clock.reading());
    const counts = await this.api.counts(query).catch(() => null);
    if (question === this.question && counts) this.counts.value = counts;
  }
}
