/** One run as far as it is known: its newest records, and what of news is new. Pure. */

/** @typedef {import("../model/types.js").Run} Run */
/** @typedef {import("../model/types.js").Node} Node */
/** @typedef {import("../model/types.js").Snapshot} Snapshot */

/**
 * One change: the whole new record of what moved.
 * @typedef {object} Change
 * @property {string} path  "" is the run itself, "0.2" the third child of the first
 * @property {Run|Node} record
 * @property {string} epoch
 * @property {number} seq  numbers changes within an epoch; those of one snapshot share its number
 * @property {number|null} at  ms since the epoch, by the server; null where a snapshot tells it
 */

/** The path of the run itself. */
export const ROOT = "";

export class RunView {
  constructor() {
    /** @type {Run|null} */
    this.run = null;
    /** @type {Map<string, Node>} */
    this.nodes = new Map();
    this.epoch = "";
    this.isKnown = false;
  }

  /**
   * Takes a snapshot instead of all that was known; what differs is told, the run last.
   * @param {Snapshot} snapshot @returns {Change[]}
   */
  reset(snapshot) {
    const { epoch, seq, run, nodes } = snapshot;
    const moved = nodes.filter((node) => !same(node, this.nodes.get(node.path)));
    const runMoved = !this.isKnown || !same(unnumbered(run), unnumbered(this.run));
    this.nodes = new Map(nodes.map((node) => [node.path, node]));
    this.run = run;
    this.epoch = epoch;
    this.isKnown = true;
    const changes = moved.map((node) => ({ path: node.path, record: node, epoch, seq, at: null }));
    return runMoved ? [...changes, { path: ROOT, record: run, epoch, seq, at: null }] : changes;
  }

  /** @param {import("../model/types.js").Event[]} events @returns {Change[]} */
  apply(events) {
    return events.flatMap((event) => {
      const { seq, at, node, run } = event;
      if (node) this.nodes.set(node.path, node);
      if (run) this.run = run;
      const record = node ?? run;
      return record ? [{ path: node?.path ?? ROOT, record, epoch: this.epoch, seq, at }] : [];
    });
  }
}

/** A run's record without the numbers that say as of when it was read. @param {Run|null} run */
const unnumbered = (run) => run && { ...run, epoch: "", seq: 0 };

/**
 * Whether two values of JSON are equal.
 * @param {any} left @param {any} right @returns {boolean}
 */
function same(left, right) {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || !left || !right) return false;
  const names = Object.keys(left);
  return (
    Array.isArray(left) === Array.isArray(right) &&
    names.length === Object.keys(right).length &&
    names.every((name) => same(left[name], right[name]))
  );
}
