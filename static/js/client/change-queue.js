/** Changes on their way to an iteration, in order and bounded. */

/** @typedef {import("./run-view.js").Change} Change */

/**
 * Changes that may wait. Beyond, only the newest of each node is kept: a change carries the whole
 * record, so the older ones are superseded, and a run has 10,000 nodes at most.
 */
export const MOST_WAITING = 2_000;

export class ChangeQueue {
  constructor(most = MOST_WAITING) {
    this.most = most;
    /** @type {Change[]} */
    this.changes = [];
    /** @type {Error|null} */
    this.error = null;
    this.ended = false;
    /** @type {() => void} */
    this.wake = () => {};
  }

  /** @param {Change[]} changes */
  put(changes) {
    this.changes.push(...changes);
    if (this.changes.length > this.most) this.changes = newest(this.changes);
    this.wake();
  }

  /** Nothing more will come. @param {Error|null} [error]  thrown once what waits was taken */
  end(error = null) {
    this.ended = true;
    this.error ??= error;
    this.wake();
  }

  /** The next change; undefined after the last one. @returns {Promise<Change|undefined>} */
  async take() {
    while (!this.changes.length && !this.ended)
      await new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
        this.wake = resolve;
      });
    if (!this.changes.length && this.error) throw this.error;
    return this.changes.shift();
  }
}

/** @param {Change[]} changes @returns {Change[]} */
function newest(changes) {
  /** @type {Map<string, Change>} */
  const kept = new Map();
  for (const change of changes) {
    kept.delete(change.path); // so that it comes where the newest one stood
    kept.set(change.path, change);
  }
  return [...kept.values()];
}
