/** The runs of the list, a signal for each, and their order. */

import { batch, computed, signal } from "@preact/signals";
import { isNewer, newestFirst } from "../model/run-list.js";
import { isFinal } from "../model/states.js";

/** @typedef {import("../model/types.js").Run} Run */
/** @template T @typedef {import("@preact/signals").Signal<T>} Signal */

/** Rows kept in a page that stays open for weeks; the oldest leave first. */
export const MOST_ROWS = 5_000;

export class ListStore {
  constructor() {
    /** @type {Map<string, Signal<Run>>} */
    this.runs = new Map();
    /** Newest first. @type {Signal<string[]>} */
    this.ids = signal([]);
    /** Where older runs go on, or null at the end. @type {Signal<string|null>} */
    this.next = signal(null);
    this.loaded = signal(false);
    /** Whether somebody stopped the rows. */
    this.paused = signal(false);
    /** New runs that wait for the rows to go on. */
    this.waiting = signal(0);
    /** @type {Signal<import("../model/types.js").Problem|null>} */
    this.problem = signal(null);
    this.active = computed(
      () =>
        this.ids.value.filter((id) => !isFinal(this.runs.get(id)?.value.state ?? "SUCCESS")).length,
    );
  }

  /** The first page anew. @param {Run[]} runs @param {string|null} next */
  reset(runs, next) {
    batch(() => {
      const ids = new Set(runs.map((run) => run.id));
      for (const id of this.runs.keys()) if (!ids.has(id)) this.runs.delete(id);
      this.put(runs);
      this.next.value = next;
      this.loaded.value = true;
      this.problem.value = null;
    });
  }

  /** Older runs, read once. @param {Run[]} runs @param {string|null} next */
  append(runs, next) {
    batch(() => {
      this.put(runs);
      this.next.value = next;
    });
  }

  /** @param {Iterable<Run>} runs */
  put(runs) {
    for (const run of runs) {
      const known = this.runs.get(run.id);
      if (!known) this.runs.set(run.id, signal(run));
      else if (isNewer(known.peek(), run)) known.value = run;
    }
    this.order();
  }

  /** @param {Iterable<string>} ids */
  remove(ids) {
    for (const id of ids) this.runs.delete(id);
    this.order();
  }

  /** Publishes the order if it changed: most news move no row. */
  order() {
    const before = this.ids.peek();
    if (before.length === this.runs.size && before.every((id) => this.runs.has(id))) return;
    const sorted = [...this.runs.values()].map((run) => run.peek()).sort(newestFirst);
    for (const run of sorted.splice(MOST_ROWS)) this.runs.delete(run.id);
    this.ids.value = sorted.map((run) => run.id);
  }
}
