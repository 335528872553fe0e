/** The one Socket.IO connection of a page, and what is known of it. */

import { computed, signal } from "@preact/signals";
import { io } from "socket.io-client";

/** @typedef {import("../model/types.js").Connection} Connection */

/** Milliseconds (ms) until a question on the socket counts as unanswered. */
const TIME_OUT = 10_000;

/** Milliseconds (ms) after which a connection the server closed is opened again. */
const REOPEN_AFTER = 2_000;

export class Link {
  constructor() {
    this.socket = io({
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      autoConnect: false,
      reconnectionDelay: 500,
      reconnectionDelayMax: 5_000,
      timeout: 8_000,
    });
    this.up = signal(false);
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
    this.onConnect = this.onConnect.bind(this);
    this.onDisconnect = this.onDisconnect.bind(this);
    this.onError = this.onError.bind(this);
  }

  connect() {
    this.socket.on("connect", this.onConnect);
    this.socket.on("disconnect", this.onDisconnect);
    this.socket.on("connect_error", this.onError);
    this.socket.connect();
  }

  disconnect() {
    this.socket.off("connect", this.onConnect);
    this.socket.off("disconnect", this.onDisconnect);
    this.socket.off("connect_error", this.onError);
    this.socket.disconnect();
    clearTimeout(this.reopening);
  }

  /** @returns {Connection} */
  judge() {
    if (!this.up.value) return this.everUp.value || this.refusal.value ? "lost" : "behind";
    return this.behind.value.size ? "behind" : "live";
  }

  onConnect() {
    this.refusal.value = "";
    this.everUp.value = true;
    this.up.value = true;
  }

  /** @param {string} reason */
  onDisconnect(reason) {
    this.up.value = false;
    // Socket.IO reconnects by itself, except after the server closed on purpose.
    if (reason === "io server disconnect") this.reopenLater();
  }

  /** @param {Error} error */
  onError(error) {
    this.everUp.value = true;
    if (this.socket.active) return;
    this.refusal.value = error.message || "The server refused the connection.";
    this.reopenLater();
  }

  reopenLater() {
    clearTimeout(this.reopening);
    this.reopening = setTimeout(() => this.socket.connect(), REOPEN_AFTER);
  }

  /** Try at once instead of at the next turn. */
  hurry() {
    this.socket.disconnect().connect();
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
   * Ask something and wait for the acknowledgement. No answer in time reads as `store_unavailable`,
   * which every caller has to be ready for anyway.
   * @param {string} event @param {object} payload @returns {Promise<any>}
   */
  async ask(event, payload) {
    try {
      return await this.socket.timeout(TIME_OUT).emitWithAck(event, payload);
    } catch {
      return {
        error: { code: "store_unavailable", message: "The server did not answer in time." },
      };
    }
  }
}
