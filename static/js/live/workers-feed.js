/** What the workers' page shows: who works, and who vanished while it was open. */

import { signal } from "@preact/signals";
import { stillLost } from "../model/fleet.js";
import { FleetFeed } from "./fleet-feed.js";

/** @typedef {import("../model/types.js").Workers} Workers */
/** @typedef {import("../model/types.js").Worker} Worker */

export class WorkersFeed extends FleetFeed {
  /** @param {Pick<import("../view/services.js").Services, "link"|"clock"|"announcer">} services */
  constructor(services) {
    super(services);
    this.announcer = services.announcer;
    /** Dead ones whose runs were taken over. @type {import("@preact/signals").Signal<Worker[]>} */
    this.lost = signal([]);
  }

  disconnect() {
    super.disconnect();
    this.link.mark(this, false);
  }

  /** @param {boolean} isAsking */
  asking(isAsking) {
    this.link.mark(this, isAsking);
  }

  /** @param {Workers} workers */
  onWorkers(workers) {
    const known = new Set(this.lost.peek().map((worker) => worker.name));
    this.lost.value = stillLost(this.lost.peek(), this.workers.peek(), workers);
    for (const { name } of this.lost.peek())
      if (!known.has(name)) this.announcer.say(`Worker ${name} is gone.`, name);
    super.onWorkers(workers);
  }
}
