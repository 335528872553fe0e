/**
 * Where in the list somebody was, kept with the entry of the browser's history: who goes back from
 * a run, or loads the page again, finds the rows where they were left.
 */

import { effect } from "@preact/signals";
import { onLeaving } from "./leaving.js";

/**
 * @typedef {object} Place
 * @property {number} rows  how many there were
 * @property {string} [id]  the first run in sight; none: the list stood at its beginning
 * @property {number} [top]  where in the window that row was (px)
 * @property {string} [focused]  the run whose row had the focus
 */

/**
 * What is seen of the list, and how it is brought there.
 * @typedef {object} Eye
 * @property {() => {id?: string, top?: number, focused?: string}} look
 * @property {(place: Place, index: number) => Promise<void>} bring
 */

export class ListPlace {
  /**
   * @param {import("./list-store.js").ListStore} store
   * @param {import("./list-feed.js").ListFeed} feed
   * @param {Eye} eye
   */
  constructor(store, feed, eye) {
    this.store = store;
    this.feed = feed;
    this.eye = eye;
    this.keep = this.keep.bind(this);
  }

  /** Before the feed asks for its first page. */
  connect() {
    history.scrollRestoration = "manual"; // a browser by itself scrolls before there are rows
    this.stopKeeping = onLeaving(this.keep);
    const place = /** @type {Place|undefined} */ (history.state?.place);
    if (!place) return;
    this.feed.wanted = place.rows;
    this.stop = effect(() => {
      if (!this.store.loaded.value) return;
      queueMicrotask(() => this.stop?.());
      if (scrollY === 0) void this.eye.bring(place, this.store.ids.peek().indexOf(place.id ?? ""));
    });
  }

  disconnect() {
    this.stop?.();
    this.stopKeeping?.();
  }

  keep() {
    const place = { rows: this.store.ids.peek().length, ...this.eye.look() };
    history.replaceState({ ...history.state, place }, "");
  }
}
