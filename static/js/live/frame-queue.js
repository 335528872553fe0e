/** Collects the newest record of each key and hands them over once per animation frame. */

import { batch } from "@preact/signals";

/** Between two deliveries (ms) while the tab is hidden and the browser draws no frames. */
const HIDDEN_PERIOD = 500;

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
    if (document.hidden) setTimeout(this.flush, HIDDEN_PERIOD);
    else requestAnimationFrame(this.flush);
  }

  clear() {
    this.records = new Map();
  }

  flush() {
    const records = this.records;
    this.scheduled = false;
    this.records = new Map();
    if (records.size) batch(() => this.deliver(records));
  }
}
