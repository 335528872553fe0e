/** What a program that uses the client may have to catch. */

/** @typedef {import("../model/types.js").Problem} Problem */
/** @typedef {import("../model/types.js").Run} Run */

/** The server answered, and refused: `code` is a word of the protocol. */
export class Refused extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(`${problem.code}: ${problem.message}`);
    this.name = "Refused";
    this.code = problem.code;
    this.fields = problem.fields ?? [];
  }
}

/** Nothing was heard of the server for the client's patience. */
export class Unreachable extends Error {
  name = "Unreachable";
}

/** The address leads to something else, or to a certificate that isn't trusted: said at once. */
export class WrongServer extends Error {
  name = "WrongServer";
}

/** What TLS of Node says of a certificate that it doesn't trust. */
const DISTRUST = /CERT|VERIFY_LEAF_SIGNATURE/;

/**
 * What to throw where an attempt to speak to the server has failed. Pages are told no causes by
 * their browser, Node tells them.
 * @param {string} server
 * @param {{code?: string, message?: string}|undefined} cause
 */
export function noAnswer(server, cause) {
  const why = cause?.message || cause?.code || "no reason was given";
  if (DISTRUST.test(cause?.code ?? ""))
    return new WrongServer(`The certificate of ${server} is not trusted: ${why}.`);
  if (why.endsWith("server response: 404"))
    return new WrongServer(`Something else than Inception answered at ${server}, with status 404.`);
  return new Unreachable(`${server} did not answer: ${why}.`);
}

/** The run was deleted while it was followed. */
export class RunGone extends Error {
  name = "RunGone";
}

/** The run ended, and not well: `error` is what it says, `traceback` its traceback. */
export class RunFailed extends Error {
  /** @param {Run} run */
  constructor(run) {
    super(`The run ${run.id} ended ${run.state}: ${run.meta.error ?? "no reason"}`);
    this.name = "RunFailed";
    this.run = run;
    this.state = run.state;
    this.error = run.meta.error;
    this.traceback = run.traceback;
  }
}
