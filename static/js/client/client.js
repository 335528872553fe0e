/** The client of a program: starts, watches and lists runs of one server. */

import { io } from "socket.io-client";
import { ASK_AGAIN, backoff } from "../model/feed.js";
import { Api, ApiError } from "./api.js";
import { Connection, SOCKET_OPTIONS } from "./connection.js";
import { noAnswer, Refused, Unreachable, WrongServer } from "./errors.js";
import { newKey } from "./idempotency.js";
import { Run } from "./run.js";

/** @typedef {import("../model/types.js").Run} RunRecord */

/** Milliseconds (ms) for which a server may be away. */
const PATIENCE = 300_000;

/** What a proxy answers with while the server behind it is away. */
const AWAY = new Set([500, 502, 503, 504]);

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
    if (!URL.canParse(server) || !/^https?:/i.test(server))
      throw new TypeError(`${server} is no address of a server; write http://127.0.0.1:8000.`);
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
        const problem = this.inOurWords(error);
        if (!isTransient(problem) || Date.now() + pause > until) throw problem;
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
      throw this.inOurWords(error);
    }
  }

  /** @param {unknown} error @returns {unknown} */
  inOurWords(error) {
    if (!(error instanceof ApiError)) return error;
    if (error.isOurs) return new Refused(error.problem);
    const other = `Something else than Inception answered at ${this.server}`;
    if (AWAY.has(error.status)) return new Unreachable(`${other}, with status ${error.status}.`);
    if (error.status) return new WrongServer(`${other}, with status ${error.status}.`);
    const cause = /** @type {any} */ (error.cause);
    return noAnswer(this.server, cause?.cause ?? cause);
  }
}

/** @param {unknown} problem */
const isTransient = (problem) =>
  problem instanceof Unreachable || (problem instanceof Refused && ASK_AGAIN.has(problem.code));
