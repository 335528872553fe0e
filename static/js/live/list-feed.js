/** Follows the list of runs: the first page by `watch_runs`, changes by `runs`. */

import { effect } from "@preact/signals";
import { backoff } from "../model/feed.js";
import { askedOf, NO_FILTER } from "../model/run-list.js";
import { FrameQueue } from "./frame-queue.js";
import { MOST_ROWS } from "./list-store.js";

/** @typedef {import("../model/types.js").Run} Run */
/** @typedef {import("../model/run-list.js").Filter} Filter */

/** Runs of the first page, all of them live. */
const PAGE = 40;

/** Runs of each older page, which are followed too. */
const OLDER = 200;

/** Milliseconds (ms) by which the stretch of time that is asked for may be off. */
const TOLERATED = 30_000;

/** Milliseconds (ms) after the pointer moved over the rows in which none comes or goes. */
const HAND_NEAR = 1_500;

export class ListFeed {
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
    /** @type {Filter} */
    this.filter = NO_FILTER;
    /** What the rows that are shown were asked by. @type {Filter|null} */
    this.shown = null;
    this.question = 0;
    this.tries = 0;
    this.overflowed = false;
    /** Rows there were before the connection was lost, or the page was left. */
    this.wanted = 0;
    /** @type {FrameQueue<Run|null>} */
    this.queue = new FrameQueue((changes) => this.deliver(changes));
    this.onRuns = this.onRuns.bind(this);
  }

  connect() {
    this.link.socket.on("runs", this.onRuns);
    this.stop = effect(() => {
      if (this.link.up.value) queueMicrotask(() => void this.ask());
      else this.wanted = Math.max(this.wanted, this.store.ids.peek().length);
    });
  }

  disconnect() {
    this.stop?.();
    clearTimeout(this.timer);
    clearTimeout(this.handNear);
    this.queue.clear();
    this.link.mark(this, false);
    this.link.socket.off("runs", this.onRuns);
    if (this.link.socket.connected) this.link.socket.emit("unwatch_runs", {});
  }

  /** @param {Filter} filter */
  setFilter(filter) {
    this.filter = filter;
    this.wanted = 0;
    this.tries = 0;
    if (this.stop && this.link.up.peek()) void this.ask(); // else it asks when it is connected
  }

  /**
   * Changes that arrive while we wait for the page belong after it, so the queue is emptied first.
   * After a reconnecting as many rows are read as there were, so that nobody loses their place; rows
   * that somebody stopped stand still then too.
   */
  async ask() {
    clearTimeout(this.timer);
    const question = ++this.question;
    this.link.mark(this, true);
    const answer = await this.readAll(await this.askFirst(), question);
    if (question !== this.question) return;
    if (answer.error) return this.refused(answer.error);
    this.tries = 0;
    if (this.store.paused.peek() && this.shown === this.filter) return this.keepBack(answer.runs);
    this.overflowed = false;
    this.shown = this.filter;
    this.store.reset(answer.runs, answer.next);
    this.wanted = 0;
    this.link.mark(this, false);
    this.store.waiting.value = 0;
    this.queue.flush();
  }

  /**
   * The first page. How far the filter reaches back is counted by the server's clock: if only the
   * answer tells what that says, and ours was off, it is asked once more.
   * @returns {Promise<any>}
   */
  async askFirst() {
    const ask = (/** @type {number} */ now) =>
      this.link.ask("watch_runs", { ...askedOf(this.filter, now), limit: PAGE });
    const asked = this.clock.reading();
    const answer = await ask(asked);
    if (answer.now !== undefined) this.clock.hear(answer.now);
    const off = Math.abs(this.clock.reading() - asked);
    return this.filter.time && off > TOLERATED ? ask(this.clock.reading()) : answer;
  }

  /** @param {any} answer  the first page, or an Error @param {number} question */
  async readAll(answer, question) {
    let all = answer;
    while (!all.error && all.next !== null && all.runs.length < this.wanted) {
      const page = await this.link.ask("watch_runs", { limit: OLDER, cursor: all.next });
      if (page.error || question !== this.question) return page;
      all = { runs: [...all.runs, ...page.runs], next: page.next };
    }
    return all;
  }

  /** @param {import("../model/types.js").Problem} problem */
  refused(problem) {
    this.store.problem.value = problem;
    this.timer = setTimeout(() => void this.ask(), backoff(++this.tries) * 1000);
  }

  /** @param {{runs: Run[], gone: string[], next?: string|null}} changes */
  onRuns(changes) {
    if (changes.next !== undefined) this.store.next.value = changes.next;
    for (const id of changes.gone ?? []) this.queue.put(id, null);
    for (const run of changes.runs) this.queue.put(run.id, run);
  }

  /** @param {Map<string, Run|null>} changes */
  deliver(changes) {
    if (this.link.behind.peek().has(this) || this.store.paused.peek())
      return this.postpone(changes);
    const moving = this.handNear ? [...changes].filter(([id, run]) => this.moves(id, run)) : [];
    if (moving.length) this.postpone(new Map(moving));
    for (const [id] of moving) changes.delete(id);
    const gone = [...changes].filter(([, run]) => run === null).map(([id]) => id);
    if (gone.length) this.store.remove(gone);
    this.store.put([...changes.values()].filter((run) => run !== null));
  }

  /** Whether the rows below it would move. @param {string} id @param {Run|null} run */
  moves(id, run) {
    return (run === null) === this.store.runs.has(id);
  }

  /** The pointer moves over the rows: what it points at must stay where it is. */
  hold() {
    clearTimeout(this.handNear);
    this.handNear = setTimeout(() => this.letGo(), HAND_NEAR);
  }

  letGo() {
    clearTimeout(this.handNear);
    this.handNear = undefined;
    if (!this.store.paused.peek()) this.goOn();
  }

  /**
   * Kept until the page is here, or the list goes on; of more than would fill the list only the
   * fact is kept that there were some.
   * @param {Map<string, Run|null>} changes
   */
  postpone(changes) {
    const { records } = this.queue;
    for (const [id, run] of changes) if (!records.has(id)) records.set(id, run);
    if (records.size > MOST_ROWS) {
      this.overflowed = true;
      this.queue.clear();
    }
    const unknown = [...this.queue.records].filter(([id, run]) => run && !this.store.runs.has(id));
    this.store.waiting.value = unknown.length;
  }

  /** They are counted, and all is read anew when the list goes on. @param {Run[]} runs */
  keepBack(runs) {
    this.link.mark(this, false);
    this.queue.clear();
    this.overflowed = true;
    this.postpone(new Map(runs.map((run) => [run.id, run])));
  }

  /** Rows stand still, and what changes is kept, until `resume`. */
  pause() {
    this.store.paused.value = true;
  }

  resume() {
    this.store.paused.value = false;
    this.goOn();
  }

  /** What was kept is shown. */
  goOn() {
    this.store.waiting.value = 0;
    if (this.overflowed) void this.ask();
    else this.queue.flush();
  }

  /** Read the next page of older runs, and follow them too. */
  async older() {
    const cursor = this.store.next.peek();
    if (cursor === null) return;
    const page = await this.link.ask("watch_runs", { limit: OLDER, cursor });
    if (page.error) throw new Error(page.error.message);
    if (cursor === this.store.next.peek()) this.store.append(page.runs, page.next);
  }
}
