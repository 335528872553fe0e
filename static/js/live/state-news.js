/** Compares a run's states with those seen before and announces the endings. */

import { effect } from "@preact/signals";
import { shortName } from "../model/format.js";
import { isFinal, stateWord } from "../model/states.js";

export class StateNews {
  /**
   * @param {import("./run-store.js").RunStore} store
   * @param {import("./announcer.js").Announcer} announcer
   */
  constructor(store, announcer) {
    this.store = store;
    this.announcer = announcer;
    /** @type {string|null} */
    this.runState = null;
    /** @type {string} */
    this.counts = "";
  }

  connect() {
    this.stop = effect(() => this.compare());
  }

  disconnect() {
    this.stop?.();
  }

  compare() {
    const run = this.store.run.value;
    if (!run) return;
    if (this.runState !== null) {
      if (this.runState !== run.state)
        this.announcer.say(`Run ${nameOf(run)}: ${stateWord(run.state)}.`, "run");
      else this.compareCounts(run);
    }
    this.runState = run.state;
    this.counts = endings(run);
  }

  /** @param {import("../model/types.js").Run} run */
  compareCounts(run) {
    const words = endings(run);
    if (words && words !== this.counts) this.announcer.say(`Tasks: ${words}.`, "tasks");
  }
}

/** @param {import("../model/types.js").Run} run */
const nameOf = ({ label, name }) => label || shortName(name);

/** @param {import("../model/types.js").Run} run */
function endings(run) {
  const ended = Object.entries(run.counts).filter(([state, n]) => isFinal(state) && n);
  return ended.map(([state, n]) => `${n} ${stateWord(state)}`).join(", ");
}
