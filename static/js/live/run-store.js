/** The records of one run, a signal for each, so that a row is redrawn only by its own news. */

import { batch, computed, signal } from "@preact/signals";
import { shortName } from "../model/format.js";
import { depth, mergePaths } from "../model/paths.js";
import { isNewer } from "../model/run-list.js";
import { hasFailed, lackingIn, unopened, visibleRows } from "../model/tree.js";

/** @typedef {import("../model/types.js").Node} Node */
/** @typedef {import("../model/types.js").Run} Run */
/** @typedef {import("../model/types.js").Snapshot} Snapshot */
/** @typedef {import("../model/types.js").Problem} Problem */
/** @template T @typedef {import("@preact/signals").Signal<T>} Signal */

/** Nodes from which a run counts as large. */
const LARGE = 200;

/** Milliseconds (ms) for which new nodes of a large run are collected. */
const SETTLE_AFTER = 250;

/** @param {readonly number[]} numbers */
const sum = (numbers) => numbers.reduce((all, n) => all + n, 0);

export class RunStore {
  constructor() {
    /** @type {Signal<Run|null>} */
    this.run = signal(null);
    /** @type {Map<string, Signal<Node>>} */
    this.nodes = new Map();
    /** Known paths in tree order; changes only when nodes come or go. @type {Signal<string[]>} */
    this.paths = signal([]);
    /** @type {Signal<ReadonlySet<string>>} */
    this.folded = signal(new Set());
    /** Whether the snapshot left out nodes, so that a parent may come without its children. */
    this.isPartial = false;
    /**
     * Whose children are not all known, and how many they are.
     * @type {Signal<ReadonlyMap<string, number>>}
     */
    this.lacking = signal(new Map());
    /** Which snapshot this goes back to: what was asked before it may be older than it is. */
    this.life = 0;
    this.gone = signal(false);
    /** @type {Signal<Problem|null>} */
    this.refused = signal(null);
    /** Nodes of a large run that are not among `paths` yet. @type {string[]} */
    this.coming = [];
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.settling = undefined;
    /** Rows as they were drawn last. @type {Map<string, import("../model/tree.js").Row>} */
    this.drawn = new Map();
    this.rows = computed(() => this.arrange());
    /** Tasks of the run, known or not. */
    this.total = computed(() => sum(Object.values(this.run.value?.counts ?? {})));
  }

  arrange() {
    const { paths, folded, lacking } = this;
    const rows = visibleRows(paths.value, folded.value, this.drawn, lacking.value);
    for (const row of rows) if (this.drawn.get(row.path) !== row) this.drawn.set(row.path, row);
    return rows;
  }

  /** Forget what was and show this. @param {Snapshot} snapshot */
  reset(snapshot) {
    batch(() => {
      const before = new Set(this.nodes.keys());
      this.run.value = snapshot.run;
      this.life += 1;
      this.isPartial = false; // what is lacking in it is told by the snapshot as a whole
      this.gone.value = false;
      this.refused.value = null;
      this.keepOnly(new Set(snapshot.nodes.map((node) => node.path)));
      this.putNodes(snapshot.nodes);
      this.settle();
      this.isPartial = !snapshot.complete;
      this.lacking.value = lackingIn(snapshot);
      this.foldUnopened(this.lacking.peek(), before);
    });
  }

  /**
   * Of parents whose children are left out only their own row is drawn, until somebody opens them.
   * @param {ReadonlyMap<string, number>} lacking @param {ReadonlySet<string>} before  known nodes,
   *   which are as somebody left them
   */
  foldUnopened(lacking, before) {
    const closed = unopened(lacking, (path) => this.nodes.has(path));
    const fresh = closed.filter((path) => !before.has(path));
    if (fresh.length) this.folded.value = new Set([...this.folded.peek(), ...fresh]);
  }

  /** @param {ReadonlySet<string>} paths */
  keepOnly(paths) {
    for (const path of this.nodes.keys()) if (!paths.has(path)) this.nodes.delete(path);
    this.paths.value = this.paths.peek().filter((path) => paths.has(path));
  }

  /** @param {Iterable<Node>} nodes */
  putNodes(nodes) {
    const added = [];
    for (const node of nodes) {
      const known = this.nodes.get(node.path);
      if (known) known.value = node;
      else {
        this.nodes.set(node.path, signal(node));
        added.push(node.path);
      }
    }
    if (added.length) this.announce(added);
  }

  /**
   * Nodes that were asked for: of one that is known already an event was faster, and is newer.
   * @param {readonly Node[]} nodes
   */
  addNodes(nodes) {
    this.putNodes(nodes.filter((node) => !this.nodes.has(node.path)));
  }

  /** Whether tasks at any depth under that one may be unknown here. @param {string} path */
  lacksUnder(path) {
    const lacking = [...this.lacking.peek().keys()];
    return lacking.some((parent) => parent === path || parent.startsWith(`${path}.`));
  }

  /** Whether there are failed tasks that are unknown here. */
  lacksFailures() {
    const { FAILURE = 0, LOST = 0 } = this.run.peek()?.counts ?? {};
    return this.lacking.peek().size > 0 && FAILURE + LOST > this.inOrder().filter(hasFailed).length;
  }

  /** All children of that one are known now. @param {string} parent */
  completed(parent) {
    const lacking = new Map(this.lacking.peek());
    if (lacking.delete(parent)) this.lacking.value = lacking;
  }

  /**
   * Let the rows of new nodes be drawn: at once, or with those of the next moment where all the
   * others are so many that to arrange them anew takes long.
   * @param {string[]} added
   */
  announce(added) {
    this.coming.push(...added);
    if (this.paths.peek().length < LARGE) this.settle();
    else this.settling ??= setTimeout(() => this.settle(), SETTLE_AFTER);
  }

  settle() {
    clearTimeout(this.settling);
    this.settling = undefined;
    const coming = this.coming.filter((path) => this.nodes.has(path));
    this.coming = [];
    batch(() => {
      this.paths.value = mergePaths(this.paths.peek(), coming);
      if (this.isPartial) this.noteLacking(coming);
    });
  }

  /** A parent that was left out may come without its children. @param {readonly string[]} added */
  noteLacking(added) {
    const found = new Map(this.lacking.peek());
    for (const path of added) {
      const { children } = /** @type {Signal<Node>} */ (this.nodes.get(path)).peek();
      let known = 0;
      while (known < children && this.nodes.has(`${path}.${known}`)) known++;
      if (known < children) found.set(path, children);
    }
    if (found.size === this.lacking.peek().size) return;
    const before = new Set(this.lacking.peek().keys());
    this.lacking.value = found;
    this.foldUnopened(found, before);
  }

  /** What is known of every task that is known, in tree order. */
  inOrder() {
    return this.paths.peek().flatMap((path) => this.nodes.get(path)?.peek() ?? []);
  }

  /**
   * What a task is called: its label, else the parent's word for that step, else its function.
   * @param {Node} node @returns {string}
   */
  nameOf(node) {
    const plain = shortName(node.name);
    return node.label && node.label !== plain ? node.label : (this.stepWord(node.path) ?? plain);
  }

  /**
   * Steps name the first level, as long as there are not more tasks than words.
   * @param {string} path
   */
  stepWord(path) {
    const steps = this.run.peek()?.steps;
    if (!steps || depth(path) !== 1 || this.nodes.has(String(steps.length))) return undefined;
    return steps[Number(path)];
  }

  /** A run the server answered with, unless an event was faster. @param {Run} run */
  offer(run) {
    if (isNewer(this.run.peek() ?? undefined, run)) this.run.value = run;
  }

  /** @param {string} path @param {boolean} open */
  setOpen(path, open) {
    const folded = new Set(this.folded.peek());
    if (open) folded.delete(path);
    else folded.add(path);
    this.folded.value = folded;
  }

  /** Fold everything that has children, or nothing. @param {boolean} open */
  setAllOpen(open) {
    const parents = this.rows.peek().filter((row) => row.children > 0 && row.level === 1);
    this.folded.value = new Set(open ? [] : parents.map((row) => row.path));
  }
}
