/** Calls of the REST interface. One error shape: whatever goes wrong is an `ApiError`. */

import { pathInAddress } from "../model/paths.js";

/** @typedef {import("../model/types.js").Problem} Problem */
/** @typedef {import("../model/types.js").Run} Run */
/** @typedef {import("../model/types.js").Node} Node */

const BASE = "/api/v1";

/** Milliseconds (ms) until a call counts as failed. */
const TIME_OUT = 15_000;

export class ApiError extends Error {
  /**
   * @param {Problem} problem
   * @param {number} status  0 if nobody answered
   * @param {{isOurs?: boolean, cause?: unknown}} [more]  whether the server said so itself, or what
   *   kept us from asking it
   */
  constructor(problem, status, { isOurs = false, cause } = {}) {
    super(problem.message, { cause });
    this.problem = problem;
    this.status = status;
    this.isOurs = isOurs;
  }
}

/** Whether it may be otherwise in a moment: nobody answered, or Redis is away. @param {unknown} error */
export const isPassing = (error) =>
  error instanceof ApiError && (error.status === 0 || error.problem.code === "store_unavailable");

export class Api {
  /**
   * @param {string} csrfToken  empty if this session needs none
   * @param {{server?: string, token?: string}} [options]  outside a page of the server: its address
   *   and the program's token
   */
  constructor(csrfToken, { server = "", token = "" } = {}) {
    this.csrfToken = csrfToken;
    this.base = server + BASE;
    /** @type {Record<string, string>} */
    this.signature = token ? { Authorization: `Bearer ${token}` } : {};
  }

  /** @returns {Promise<import("../model/types.js").Parent[]>} */
  async parents() {
    return (await this.get("/parents")).parents;
  }

  /** @param {string} query  with its "?" @returns {Promise<{runs: Run[], next: string|null}>} */
  runs(query) {
    return this.get(`/runs${query}`);
  }

  /**
   * How many runs match, by state.
   * @param {string} query  with its "?" @returns {Promise<Record<string, number>>}
   */
  async counts(query) {
    return (await this.get(`/runs/counts${query}`)).counts;
  }

  /** The run's record with everything in it. @param {string} runId @returns {Promise<Run>} */
  whole(runId) {
    return this.get(`${runAddress(runId)}/nodes/${pathInAddress("")}`);
  }

  /**
   * A whole node, with everything that was too large for an event.
   * @param {string} runId
   * @param {string} path
   * @returns {Promise<Node>}
   */
  node(runId, path) {
    return this.get(`${runAddress(runId)}/nodes/${pathInAddress(path)}`);
  }

  /**
   * @param {string} runId
   * @param {string} under
   * @param {string|null} cursor
   * @returns {Promise<{nodes: Node[], next: string|null}>}
   */
  nodes(runId, under, cursor) {
    const query = new URLSearchParams({ under, ...(cursor ? { cursor } : {}) });
    return this.get(`${runAddress(runId)}/nodes?${query}`);
  }

  /**
   * @param {string} runId
   * @param {string} path
   * @returns {Promise<import("../model/log.js").LogAnswer>}
   */
  log(runId, path) {
    return this.get(`${runAddress(runId)}/nodes/${pathInAddress(path)}/log`);
  }

  /** @returns {Promise<import("../model/types.js").Workers>} */
  workers() {
    return this.get("/workers");
  }

  /**
   * @param {{name: string, kwargs: Record<string, unknown>, label?: string, tags?: string[]}} order
   * @param {string} key  the same key twice starts one run
   * @returns {Promise<Run>}
   */
  start(order, key) {
    return this.send("POST", "/runs", order, { "Idempotency-Key": key });
  }

  /** @param {string} runId @param {string} path @param {string} reason @returns {Promise<Run>} */
  revoke(runId, path, reason) {
    const body = { ...(path ? { path } : {}), ...(reason ? { reason } : {}) };
    return this.send("POST", `${runAddress(runId)}/revoke`, body);
  }

  /** @param {string} runId @returns {Promise<Run>} */
  retry(runId) {
    return this.send("POST", `${runAddress(runId)}/retry`, {});
  }

  /**
   * @param {string} runId @param {Record<string, unknown>} [kwargs]  instead of the run's own
   * @returns {Promise<Run>}
   */
  rerun(runId, kwargs) {
    return this.send("POST", `${runAddress(runId)}/rerun`, kwargs ? { kwargs } : {});
  }

  /**
   * Call a run otherwise; what is left out stays.
   * @param {string} runId @param {{label?: string|null, tags?: string[]}} changes
   * @returns {Promise<Run>}
   */
  describe(runId, changes) {
    return this.send("PATCH", runAddress(runId), changes);
  }

  /** Remove an ended run. @param {string} runId @returns {Promise<void>} */
  remove(runId) {
    return this.send("DELETE", runAddress(runId), {});
  }

  /**
   * Act on many runs; it goes on in the server.
   * @param {{action: string, ids?: string[], filter?: object}} order
   * @returns {Promise<import("../model/types.js").Bulk>}
   */
  bulk(order) {
    return this.send("POST", "/bulk", order);
  }

  /** @param {string} address @returns {Promise<any>} */
  get(address) {
    return this.call(address, { method: "GET" });
  }

  /**
   * @param {string} method
   * @param {string} address
   * @param {object} body
   * @param {Record<string, string>} [headers]
   * @returns {Promise<any>}
   */
  send(method, address, body, headers = {}) {
    /** @type {Record<string, string>} */
    const all = { "Content-Type": "application/json", ...headers };
    if (this.csrfToken) all["X-CSRF-Token"] = this.csrfToken;
    return this.call(address, { method, body: JSON.stringify(body), headers: all });
  }

  /** @param {string} address @param {RequestInit} options @returns {Promise<any>} */
  async call(address, options) {
    const headers = { ...this.signature, ...options.headers };
    const response = await reach(this.base + address, { ...options, headers });
    if (response.status === 204) return {};
    const answer = await response.json().catch(() => null);
    if (response.ok && answer !== null) return answer;
    const problem = answer?.error;
    const isOurs = typeof problem?.code === "string";
    throw new ApiError(isOurs ? problem : unexplained(response.status), response.status, { isOurs });
  }
}

/** @param {string} runId */
const runAddress = (runId) => `/runs/${encodeURIComponent(runId)}`;

/** @param {string} address @param {RequestInit} options @returns {Promise<Response>} */
async function reach(address, options) {
  try {
    return await fetch(address, {
      ...options,
      credentials: "same-origin",
      signal: AbortSignal.timeout(TIME_OUT),
    });
  } catch (cause) {
    throw new ApiError(
      {
        code: "unreachable",
        message:
          "The server did not answer. Nothing was changed as far as this page knows; " +
          "try again in a moment.",
      },
      0,
      { cause },
    );
  }
}

/** @param {number} status @returns {Problem} */
function unexplained(status) {
  if (status === 401)
    return {
      code: "unauthorized",
      message: "You are signed out. Sign in again, then repeat this.",
    };
  if (status === 501 || status === 404)
    return { code: "not_found", message: "This server does not offer that yet." };
  return {
    code: "unexplained",
    message: `The server answered with status ${status} and did not say why.`,
  };
}
