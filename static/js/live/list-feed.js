/** Follows the list of runs: the first page by `watch_runs`, changes by `runs`. */

import { effect } from "@preact/signals";
import { backoff } from "../model/feed.js";
import { STATE_FILTERS } from "../model/states.js";
import { FrameQueue } from "./frame-queue.js";
import { MOST_ROWS } from "./list-store.js";

/** @typedef {import("../model/types.js").Run} Run */
/** @typedef {import("../model/run-list.js").Filter} Filter */

/** Runs of the first page, all of them live. */
const PAGE = 200;

export class ListFeed {
  /**
   * @param {{link: import("./link.js").Link, api: import("./api.js").Api}} services
   * @param {import("./list-store.js").ListStore} store
   */
  constructor({ link, api }, store) {
    this.link = link;
    this.api = api;
    this.store = store;
    /** @type {Filter} */
    this.filter = { state: "", q: "" };
    this.question = 0;
    this.tries = 0;
    /** @type {FrameQueue<Run|null>} */
    this.queue = new FrameQueue((changes) => this.deliver(changes));
    this.onRuns = this.onRuns.bind(this);
  }

  connect() {
    this.link.socket.on("runs", this.onRuns);
    this.stop = effect(() => {
      if (this.link.up.value) queueMicrotask(() => void this.ask());
    });
  }

  disconnect() {
    this.stop?.();
    clearTimeout(this.timer);
    this.queue.clear();
    this.link.mark(this, false);
    this.link.socket.off("runs", this.onRuns);
    if (this.link.socket.connected) this.link.socket.emit("unwatch_runs", {});
  }

  /** @param {Filter} filter */
  setFilter(filter) {
    this.filter = filter;
    this.tries = 0;
    if (this.link.up.peek()) void this.ask();
  }

  /**
   * Changes that arrive while we wait for the page belong after it, so the queue is emptied first.
   */
  async ask() {
    clearTimeout(this.timer);
    const question = ++this.question;
    this.link.mark(this, true);
    const answer = await this.link.ask("watch_runs", { ...this.asked(), limit: PAGE });
    if (question !== this.question) return;
    if (answer.error) return this.refused(answer.error);
    this.tries = 0;
    this.store.reset(answer.runs, answer.next);
    this.link.mark(this, false);
    this.queue.flush();
  }

  /** @param {import("../model/types.js").Problem} problem */
  refused(problem) {
    this.store.problem.value = problem;
    this.timer = setTimeout(() => void this.ask(), backoff(++this.tries) * 1000);
  }

  /** The filter in the words of the interface. @returns {{state?: string[], q?: string}} */
  asked() {
    const states = STATE_FILTERS.find((one) => one.key === this.filter.state)?.states ?? [];
    return {
      ...(states.length ? { state: [...states] } : {}),
      ...(this.filter.q ? { q: this.filter.q } : {}),
    };
  }

  /** @param {{runs: Run[], gone: string[]}} changes */
  onRuns(changes) {
    for (const id of changes.gone ?? []) this.queue.put(id, null);
    for (const run of changes.runs) this.queue.put(run.id, run);
  }

  /** @param {Map<string, Run|null>} changes */
  deliver(changes) {
    if (this.link.behind.peek().has(this)) return this.postpone(changes);
    const gone = [...changes].filter(([, run]) => run === null).map(([id]) => id);
    if (gone.length) this.store.remove(gone);
    this.store.put([...changes.values()].filter((run) => run !== null));
  }

  /**
   * Kept until the page is here; so many that they would fill the list are in the page anyway.
   * @param {Map<string, Run|null>} changes
   */
  postpone(changes) {
    if (this.queue.records.size > MOST_ROWS) return this.queue.clear();
    for (const [id, run] of changes)
      if (!this.queue.records.has(id)) this.queue.records.set(id, run);
  }

  /** Read the next page of older runs. They are as of now, and not followed. */
  async older() {
    const cursor = this.store.next.peek();
    if (cursor === null) return;
    const query = new URLSearchParams({ limit: String(PAGE), cursor });
    const asked = this.asked();
    for (const state of asked.state ?? []) query.append("state", state);
    if (asked.q) query.set("q", asked.q);
    const page = await this.api.runs(`?${query}`);
    this.store.append(page.runs, page.next);
  }
}
