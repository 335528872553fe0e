/** The time by the server's clock, once a second, standing still while the connection is lost. */

import { effect, signal } from "@preact/signals";

const TICK = 1_000;

export class Clock {
  /** @param {import("./link.js").Link} link */
  constructor(link) {
    this.link = link;
    this.now = signal(Date.now());
    /**
     * Server's clock minus ours (ms). Unknown until it is told, with an answer or an event.
     * @type {number|null}
     */
    this.offset = null;
    /** Whether that was told since the connection stands: ours may have been set meanwhile. */
    this.isFresh = false;
    /** @type {() => void} */
    this.tell = () => {};
    /** Settled once the server's clock is known. @type {Promise<void>} */
    this.told = new Promise((resolve) => {
      this.tell = resolve;
    });
  }

  connect() {
    this.stop = effect(() => {
      this.isFresh = false;
      if (this.link.up.value) this.start();
      else this.freeze();
    });
  }

  disconnect() {
    this.stop?.();
    this.freeze();
  }

  start() {
    this.freeze();
    this.tick();
    this.timer = setInterval(() => this.tick(), TICK);
  }

  freeze() {
    clearInterval(this.timer);
  }

  tick() {
    this.link.connection.check();
    this.now.value = this.reading();
  }

  /** @returns {number} */
  reading() {
    return Date.now() + (this.offset ?? 0);
  }

  /** The time to the millisecond; it too stands still while the connection is lost. */
  exact() {
    return this.link.up.peek() ? this.reading() : this.now.peek();
  }

  /**
   * Something was stamped `at` and arrived now. The way here only makes `at` look older, so the
   * largest difference seen is the nearest to the truth.
   * @param {number} at
   */
  hear(at) {
    const difference = at - Date.now();
    const before = this.offset ?? 0;
    if (this.offset !== null && this.isFresh && difference <= this.offset) return;
    this.offset = difference;
    this.isFresh = true;
    this.tell();
    if (Math.abs(difference - before) > TICK && this.link.up.peek()) this.now.value = this.reading();
  }
}
