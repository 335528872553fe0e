/**
 * What somebody who arrives at a run came for: the task their link names, else the failure of a run
 * that has failed. It is opened, with those above it, and brought into sight once its row is there,
 * unless they have begun to look around by then. Until they do, nothing that is left out is read: it
 * would come above the row, and push it away.
 */

import { effect, signal } from "@preact/signals";
import { ancestors } from "../model/paths.js";
import { firstFailure } from "../model/tree.js";

/** What somebody does who looks around. */
const STIRS = ["wheel", "touchmove", "pointerdown", "keydown"];

/** Pixels (px) by which a page has to be scrolled for somebody to have done it, by its bar. */
const SCROLLED = 40;

export class Arrival {
  /**
   * @param {import("./run-store.js").RunStore} store
   * @param {import("./missing-nodes.js").MissingNodes} missing
   * @param {import("@preact/signals").Signal<string|null>} selected
   * @param {(path: string, index: number) => Promise<void>} reveal  the row, and its place among all
   */
  constructor(store, missing, selected, reveal) {
    this.store = store;
    this.missing = missing;
    this.selected = selected;
    this.reveal = reveal;
    this.isHere = false;
    /** What is to be brought into sight. @type {import("@preact/signals").Signal<string|null>} */
    this.wanted = signal(null);
    /** Where the page stood when that was done, in px. @type {number|null} */
    this.placed = null;
    this.giveUp = this.giveUp.bind(this);
    this.onScroll = this.onScroll.bind(this);
  }

  connect() {
    for (const stir of STIRS) addEventListener(stir, this.giveUp, { passive: true });
    addEventListener("scroll", this.onScroll, { passive: true });
    this.stopOpening = effect(() => this.open());
    this.stopRevealing = effect(() => this.look());
  }

  disconnect() {
    this.stopOpening?.();
    this.stopRevealing?.();
    for (const stir of STIRS) removeEventListener(stir, this.giveUp);
    removeEventListener("scroll", this.onScroll);
  }

  giveUp() {
    this.wanted.value = null;
    this.missing.held.value = false;
  }

  onScroll() {
    if (this.placed !== null && Math.abs(scrollY - this.placed) > SCROLLED) this.giveUp();
  }

  /** Once, as soon as the run is known. */
  open() {
    const { store, selected } = this;
    const run = store.run.value;
    if (!run || this.isHere) return;
    this.isHere = true;
    if (selected.peek() === null && run.state === "FAILURE")
      selected.value = firstFailure([...store.nodes.values()].map((node) => node.peek()));
    const path = selected.peek();
    if (path === null) return;
    for (const above of ancestors(path)) store.setOpen(above, true);
    this.wanted.value = path;
    this.missing.held.value = true;
  }

  look() {
    const path = this.wanted.value;
    if (path === null) return;
    const index = this.store.rows.value.findIndex((row) => row.path === path);
    if (index === -1) return;
    this.wanted.value = null;
    void this.reveal(path, index).then(() => {
      this.placed = scrollY;
    });
  }
}
