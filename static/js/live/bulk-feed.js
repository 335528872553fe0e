/** Starts one action on many runs, and follows how far the server is with it. */

import { effect, signal } from "@preact/signals";
import { isOver, sentence } from "../model/bulk.js";

/** @typedef {import("../model/types.js").Bulk} Bulk */

export class BulkFeed {
  /**
   * @param {Pick<import("../view/services.js").Services, "link"|"api"|"announcer">} services
   */
  constructor({ link, api, announcer }) {
    this.link = link;
    this.api = api;
    this.announcer = announcer;
    /** The one under way, or the last. @type {import("@preact/signals").Signal<Bulk|null>} */
    this.bulk = signal(null);
    this.onBulk = this.onBulk.bind(this);
  }

  connect() {
    this.link.socket.on("bulk", this.onBulk);
    this.stop = effect(() => {
      if (this.link.up.value) queueMicrotask(() => void this.follow());
    });
  }

  disconnect() {
    this.stop?.();
    this.link.socket.off("bulk", this.onBulk);
    if (this.link.socket.connected) this.link.socket.emit("unwatch_bulk", {});
  }

  /** @param {{action: string, ids?: string[], filter?: object}} order */
  async begin(order) {
    this.show(await this.api.bulk(order));
    await this.follow();
  }

  /** Hear of it from now on; a refusal leaves what is known, and is asked again on reconnecting. */
  async follow() {
    const bulk = this.bulk.peek();
    if (!bulk || isOver(bulk)) return;
    const answer = await this.link.ask("watch_bulk", { bulk_id: bulk.id });
    if (!answer.error) this.onBulk(answer);
  }

  /** @param {Bulk} bulk */
  onBulk(bulk) {
    const known = this.bulk.peek();
    if (known?.id === bulk.id && !isOver(known)) this.show(bulk);
  }

  /** @param {Bulk} bulk */
  show(bulk) {
    this.bulk.value = bulk;
    if (isOver(bulk)) this.announcer.say(sentence(bulk), "bulk");
  }

  dismiss() {
    this.bulk.value = null;
  }
}
