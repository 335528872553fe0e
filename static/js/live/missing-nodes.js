/**
 * Reads the children that the snapshot of a large run leaves out, as somebody comes to see them.
 *
 * What moves is told all the same, so a child may be known before it is read here. A page that was
 * asked for before the last snapshot is dropped: it may be older than that.
 */

import { signal } from "@preact/signals";
import { ancestors } from "../model/paths.js";
import { failureAfter, firstFailure, lastInRow } from "../model/tree.js";

/** @typedef {import("../model/types.js").Node} Node */

export class MissingNodes {
  /**
   * @param {string} runId
   * @param {{api: import("../client/api.js").Api}} services
   * @param {import("./run-store.js").RunStore} store
   */
  constructor(runId, { api }, store) {
    this.runId = runId;
    this.api = api;
    this.store = store;
    /** Whose children are being read, with the snapshot they were asked after. */
    this.asked = new Map();
    /** Grows with every page that came: who is still seen then asks for the next. */
    this.pages = signal(0);
    /** Whether what is in sight is not read: somebody has only just come for something else. */
    this.held = signal(false);
    /** What went wrong the last time, in words. */
    this.problem = signal("");
  }

  /** The next page of a parent's children; "" is the run. @param {string} parent */
  async readUnder(parent) {
    const { store } = this;
    const { life } = store;
    if (this.asked.get(parent) === life || !store.lacking.peek().has(parent)) return;
    this.asked.set(parent, life);
    const cursor = lastInRow(parent, (path) => store.nodes.has(path));
    const page = await this.api
      .nodes(this.runId, parent, cursor)
      .catch((error) => this.failed(error));
    if (this.asked.get(parent) === life) this.asked.delete(parent);
    if (page && life === store.life) this.take(parent, page);
  }

  /** @param {string} parent @param {{nodes: Node[], next: string|null}} page */
  take(parent, page) {
    this.problem.value = "";
    this.store.addNodes(page.nodes);
    this.store.settle();
    if (page.next === null) this.store.completed(parent);
    this.pages.value += 1;
  }

  /**
   * The next failed task after that path, and after the last one the first again: what is not here
   * is read, page by page, until it is found. What is being read, or can't be, is not waited for.
   * @param {string|null} after @returns {Promise<string|null>}
   */
  async nextFailure(after) {
    const { store } = this;
    const next = () => failureAfter(store.inOrder(), after);
    while (next() === null && store.lacksFailures()) {
      const [parent] = store.lacking.peek().keys();
      const pages = this.pages.peek();
      await this.readUnder(parent);
      if (this.pages.peek() === pages) break;
    }
    return next() ?? firstFailure(store.inOrder());
  }

  /** One node that somebody came for, with those above it. @param {string} path */
  async readOne(path) {
    const { store } = this;
    const { life } = store;
    if (store.nodes.has(path) || !store.lacking.peek().size) return;
    const wanted = [...ancestors(path), path].filter((each) => !store.nodes.has(each));
    const read = (/** @type {string} */ each) => this.api.node(this.runId, each).catch(() => null);
    const found = await Promise.all(wanted.map(read)); // there may be none
    if (life !== store.life) return;
    store.addNodes(found.flatMap((node) => node ?? []));
    for (const each of ancestors(path)) store.setOpen(each, true);
  }

  /** @param {Error} error @returns {null} */
  failed(error) {
    this.problem.value = error.message;
    return null;
  }
}
