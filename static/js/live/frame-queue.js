/** Collects the newest record of each key and hands them over once per animation frame. */

import { batch } from "@preact/signals";

/**
 * Milliseconds (ms) a delivery waits at most: a hidden tab is drawn no frames, yet its title moves.
 */
const LONGEST_WAIT = 500;

/** @template T */
export class FrameQueue {
  /** @param {(records: Map<string, T>) => void} deliver */
  constructor(deliver) {
    this.deliver = deliver;
    /** @type {Map<string, T>} */
    this.records = new Map();
    this.flush = this.flush.bind(this);
    this.scheduled = false;
  }

  /** @param {string} key @param {T} record */
  put(key, record) {
    this.records.set(key, record);
    if (this.scheduled) return;
    this.scheduled = true;
    this.frame = requestAnimationFrame(this.flush);
    this.timer = setTimeout(this.flush, LONGEST_WAIT);
  }

  clear() {
    this.records = new Map();
  }

  flush() {
    const records = this.records;
    if (this.frame) cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.scheduled = false;
    this.records = new Map();
    if (records.size) batch(() => this.deliver(records));
  }
}
