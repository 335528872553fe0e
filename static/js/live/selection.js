/** The runs chosen in the list that is open. */

import { computed, signal } from "@preact/signals";
import { allShown, extended, narrowed, NOTHING, toggled } from "../model/selection.js";

/** @typedef {import("../model/selection.js").Choice} Choice */
/** @typedef {import("../model/types.js").Run} Run */

export class Selection {
  /** @param {import("./list-store.js").ListStore} store */
  constructor(store) {
    this.store = store;
    /** @type {import("@preact/signals").Signal<Choice>} */
    this.kept = signal(NOTHING);
    /** Without runs that have left the list. */
    this.choice = computed(() => {
      void this.store.ids.value;
      return narrowed(this.kept.value, this.store.runs);
    });
    this.size = computed(() => this.choice.value.ids.size);
  }

  /** @param {string} id @param {boolean} asRange  from the one chosen last */
  choose(id, asRange) {
    const before = this.choice.peek();
    this.kept.value = asRange ? extended(before, id, this.store.ids.peek()) : toggled(before, id);
  }

  /** All rows that are listed, or none. */
  chooseShown() {
    this.kept.value = allShown(this.choice.peek(), this.store.ids.peek());
  }

  /**
   * Everything that matches the filter now, listed or not; what is started later is left out.
   * @param {Partial<Record<string, number>>|null} counts  how many that are
   */
  chooseAll(counts) {
    const ids = this.store.ids.peek();
    const until = this.store.runs.get(ids[0])?.peek().created_at ?? 0;
    this.kept.value = { ids: new Set(ids), all: { until, counts }, anchor: null };
  }

  clear() {
    this.kept.value = NOTHING;
  }

  /** @param {string} id */
  has(id) {
    const { ids, all } = this.choice.value;
    if (!all) return ids.has(id);
    return (this.store.runs.get(id)?.peek().created_at ?? 0) <= all.until;
  }

  /** The records of the chosen ones that are listed. @returns {Run[]} */
  runs() {
    return [...this.choice.value.ids].flatMap((id) => this.store.runs.get(id)?.value ?? []);
  }
}
