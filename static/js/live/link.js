/** The one Socket.IO connection of a page, and what is known of it. */

import { batch, computed, effect, signal } from "@preact/signals";
import { io, XHR } from "socket.io-client";
import { Connection as KeptConnection, SOCKET_OPTIONS } from "../client/connection.js";
import { EarlySocket } from "./early-socket.js";

/** @typedef {import("../model/types.js").Connection} Connection */

export class Link {
  constructor() {
    this.connection = new KeptConnection(
      io({ ...SOCKET_OPTIONS, transports: [EarlySocket, XHR], tryAllTransports: true }),
    );
    this.socket = this.connection.socket;
    /** Whether news can reach us. */
    this.up = signal(false);
    /** The server says that none reaches itself, although our connection to it stands. */
    this.deaf = signal(false);
    /** When what is shown was last known to be so (ms, this browser's clock); 0 if it never was. */
    this.asOf = 0;
    /** False until the first connection: a page that is still loading has lost nothing. */
    this.everUp = signal(false);
    /**
     * Set when the server refused us, in its words.
     * @type {import("@preact/signals").Signal<string>}
     */
    this.refusal = signal("");
    /** Who is still catching up. @type {import("@preact/signals").Signal<ReadonlySet<object>>} */
    this.behind = signal(new Set());
    /** What was caught up last, in words, until it has been read. */
    this.news = signal("");
    this.state = computed(() => this.judge());
    /** @type {import("../client/connection.js").Listener} */
    this.listener = {
      up: () => this.onUp(),
      down: () => this.onDown(),
      failed: () => (this.everUp.value = true),
      refused: (error) => this.onRefused(error),
    };
  }

  connect() {
    this.connection.listeners.add(this.listener);
    this.connection.connect();
  }

  disconnect() {
    this.connection.disconnect();
    this.connection.listeners.delete(this.listener);
  }

  /** @returns {Connection} */
  judge() {
    if (!this.up.value) return this.everUp.value || this.refusal.value ? "lost" : "behind";
    return this.behind.value.size ? "behind" : "live";
  }

  onUp() {
    batch(() => {
      this.refusal.value = "";
      this.everUp.value = true;
      this.deaf.value = false;
      this.up.value = true;
    });
  }

  onDown() {
    if (this.up.peek()) this.asOf = this.connection.deaf ? Date.now() : this.connection.heardAt;
    batch(() => {
      this.everUp.value = true;
      this.deaf.value = this.connection.deaf;
      this.up.value = false;
    });
  }

  /** @param {Error} error */
  onRefused(error) {
    this.everUp.value = true;
    this.refusal.value = error.message || "The server refused the connection.";
  }

  /** Resolves once the server can be asked for files: at once if it can. */
  async reachable() {
    await new Promise((resolve) => {
      const stop = effect(() => {
        if (this.up.value || this.deaf.value) queueMicrotask(() => resolve(stop()));
      });
    });
  }

  /** Try at once instead of at the next turn. */
  hurry() {
    this.connection.hurry();
  }

  /** @param {object} who @param {boolean} isBehind */
  mark(who, isBehind) {
    if (this.behind.peek().has(who) === isBehind) return;
    const next = new Set(this.behind.peek());
    if (isBehind) next.add(who);
    else next.delete(who);
    this.behind.value = next;
  }

  /**
   * Ask something and wait for the acknowledgement, which may be an error.
   * @param {string} event @param {object} payload @returns {Promise<any>}
   */
  ask(event, payload) {
    return this.connection.ask(event, payload);
  }
}
