/** Follows what one task prints: reads what there is, then hears the rest from the socket. */

import { effect, signal } from "@preact/signals";
import { appendLines } from "../model/log.js";

/** @typedef {import("../model/log.js").LogLine} LogLine */
/** @typedef {import("../model/log.js").LogAnswer} LogAnswer */

export class LogFeed {
  /**
   * @param {string} runId @param {string} path
   * @param {{link: import("./link.js").Link, api: import("../client/api.js").Api}} services
   */
  constructor(runId, path, { link, api }) {
    this.address = { run_id: runId, path };
    this.link = link;
    this.api = api;
    /** @type {import("@preact/signals").Signal<LogLine[]|null>} */
    this.lines = signal(null);
    this.dropped = signal(0);
    this.attempt = 0;
    this.following = signal(false);
    this.problem = signal("");
    /** Where the next reading starts. @type {string|null} */
    this.after = null;
    this.onLog = this.onLog.bind(this);
  }

  connect() {
    this.link.socket.on("log", this.onLog);
    this.stop = effect(() => {
      if (this.link.up.value) queueMicrotask(() => void this.begin());
      else this.following.value = false;
    });
  }

  disconnect() {
    this.stop?.();
    this.link.socket.off("log", this.onLog);
    if (this.link.socket.connected) this.link.socket.emit("unwatch_log", this.address);
  }

  /** Read at once by REST, so that the text does not wait for a server that cannot follow. */
  async begin() {
    if (this.lines.peek() === null) await this.read();
    const answer = await this.link.ask("watch_log", {
      ...this.address,
      ...(this.after ? { after: this.after } : {}),
    });
    if (answer.error) return;
    this.following.value = true;
    this.take(answer);
  }

  /** The whole log anew. */
  async read() {
    try {
      const answer = await this.api.log(this.address.run_id, this.address.path);
      this.lines.value = [];
      this.problem.value = "";
      this.take(answer);
    } catch (error) {
      this.lines.value ??= [];
      this.problem.value = error instanceof Error ? error.message : String(error);
    }
  }

  /** @param {LogAnswer & {run_id: string, path: string}} news */
  onLog(news) {
    if (news.run_id === this.address.run_id && news.path === this.address.path) this.take(news);
  }

  /** Another attempt's lines begin a new text. @param {LogAnswer} answer */
  take(answer) {
    if (answer.attempt !== this.attempt) this.lines.value = [];
    this.attempt = answer.attempt;
    if (answer.lines.length) this.lines.value = appendLines(this.lines.peek() ?? [], answer.lines);
    this.dropped.value = answer.dropped;
    this.after = answer.next ?? this.after;
  }
}
