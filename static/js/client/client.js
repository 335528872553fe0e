/** The client of a program: starts, watches and lists runs of one server. */

import { io } from "socket.io-client";
import { ASK_AGAIN, backoff } from "../model/feed.js";
import { Api, ApiError } from "./api.js";
import { Connection, SOCKET_OPTIONS } from "./connection.js";
import { Refused, Unreachable } from "./errors.js";
import { newKey } from "./idempotency.js";
import { Run } from "./run.js";

/** @typedef {import("../model/types.js").Run} RunRecord */

/** Milliseconds (ms) for which a server may be away. */
const PATIENCE = 300_000;

/** Runs read at a time. */
const PAGE = 200;

/**
 * A client of the server at `server`, e.g. "http://127.0.0.1:8000"; nothing is sent yet. Close it.
 * @param {string} server
 * @param {{token?: string, patience?: number}} [options]  a token where people sign in; how long
 *   (ms) the server may be away until Unreachable is thrown
 */
export const connect = (server, options) => new Client(server, options);

export class Client {
  /** @param {string} server @param {{token?: string, patience?: number}} [options] */
  constructor(server, { token = "", patience = PATIENCE } = {}) {
    const { origin } = new URL(server);
    this.server = origin;
    this.patience = patience;
    this.api = new Api("", { server: origin, token });
    this.connection = new Connection(
      io(origin, {
        ...SOCKET_OPTIONS,
        transports: ["websocket"],
        forceNew: true,
        auth: token ? { token } : {},
      }),
    );
    this.isOpen = false;
  }

  /**
   * Start a run. The same key within 24 h is the same run; without one a key is made up, so that a
   * lost answer starts no second run.
   * @param {string} name
   * @param {Record<string, unknown>} [kwargs]
   * @param {{label?: string, tags?: string[], key?: string}} [options]
   * @returns {Promise<Run>}
   */
  async start(name, kwargs = {}, { key = newKey(), ...more } = {}) {
    const record = await this.call((api) => api.start({ name, kwargs, ...more }, key));
    return this.run(record.id);
  }

  /** A run that is there already, e.g. to watch it; nothing is asked yet. @param {string} id */
  run(id) {
    return new Run(id, this);
  }

  /**
   * The runs that fit, newest first, read page by page while they are iterated over.
   * @param {Record<string, string|number|(string|number)[]>} [filters]  those of `GET /runs`
   * @returns {AsyncGenerator<RunRecord, void, void>}
   */
  async *runs(filters = {}) {
    const query = new URLSearchParams({ limit: String(PAGE) });
    for (const [name, value] of Object.entries(filters))
      for (const each of [value].flat()) query.append(name, String(each));
    for (;;) {
      const page = await this.call((api) => api.runs(`?${query}`));
      yield* page.runs;
      if (page.next === null) return;
      query.set("cursor", page.next);
    }
  }

  /** What can be started. */
  parents() {
    return this.call((api) => api.parents());
  }

  /** Who works, and how long the queues are. */
  workers() {
    return this.call((api) => api.workers());
  }

  /** Connect, if that was not done. */
  open() {
    if (!this.isOpen) this.connection.connect();
    this.isOpen = true;
  }

  /** Hang up. Runs go on; iterations throw. */
  close() {
    this.connection.tell((listener) => listener.closed?.());
    this.connection.disconnect();
    this.isOpen = false;
  }

  /**
   * A call that may be made twice: made again while the server is away, until patience ends.
   * @template T @param {(api: Api) => Promise<T>} ask @returns {Promise<T>}
   */
  async call(ask) {
    const until = Date.now() + this.patience;
    for (let tries = 1; ; tries++) {
      try {
        return await ask(this.api);
      } catch (error) {
        const pause = backoff(tries) * 1000;
        if (!isTransient(error) || Date.now() + pause > until) throw inOurWords(error);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  /**
   * A call that would do something else the second time.
   * @template T @param {(api: Api) => Promise<T>} ask @returns {Promise<T>}
   */
  async callOnce(ask) {
    try {
      return await ask(this.api);
    } catch (error) {
      throw inOurWords(error);
    }
  }
}

/** @param {unknown} error */
const isTransient = (error) =>
  error instanceof ApiError && (error.status === 0 || ASK_AGAIN.has(error.problem.code));

/** @param {unknown} error @returns {unknown} */
function inOurWords(error) {
  if (!(error instanceof ApiError)) return error;
  return error.status === 0 ? new Unreachable(error.message) : new Refused(error.problem);
}
