/**
 * How one run is followed without a gap: a pure reducer, no socket, no clock, no document.
 *
 * Socket.IO delivers at most once, so each change carries a number (`seq`) within a life of the
 * numbering (`epoch`). The reducer knows the last number it has and answers each thing that
 * happened with the next state and a list of effects for its caller to carry out. It keeps no
 * records: what to show goes out as `reset` (a snapshot) and `apply` (events).
 *
 *   asking --answer--> live --gap, foreign epoch--> asking
 *   asking --store away--> waiting --timer--> asking
 *   any --disconnected--> lost --connected--> asking
 *   any --gone, refused--> gone, refused (the end, until the next connection)
 */

/** @typedef {import("./types.js").Batch} Batch */
/** @typedef {import("./types.js").Snapshot} Snapshot */
/** @typedef {import("./types.js").Event} Event */
/** @typedef {import("./types.js").Problem} Problem */

/** @typedef {"lost"|"asking"|"waiting"|"live"|"gone"|"refused"} Phase */

/**
 * @typedef {object} Feed
 * @property {Phase} phase
 * @property {string|null} epoch  null until the first answer
 * @property {number} seq  the last change we have without a hole
 * @property {Batch[]} kept  batches that overtook the answer to `watch`
 * @property {number} question  number of the `watch` we wait for; answers to older ones are dropped
 * @property {number} tries  questions since something was last applied
 * @property {boolean} returning  we had a connection before, so what we caught up is worth a word
 */

/**
 * @typedef {{type: "connected"} | {type: "disconnected"} | {type: "timer"} | {type: "gone"}
 *   | {type: "batch", batch: Batch} | {type: "snapshot", snapshot: Snapshot}
 *   | {type: "answer", question: number, answer: Answer}} Action
 */

/** @typedef {{snapshot?: Snapshot, batch?: Batch, error?: Problem}} Answer */

/**
 * @typedef {{type: "watch", question: number, epoch: string|null, seq: number}
 *   | {type: "wait", seconds: number}
 *   | {type: "reset", snapshot: Snapshot}
 *   | {type: "apply", events: Event[]}
 *   | {type: "caught-up", changes: number}
 *   | {type: "gone"} | {type: "refused", problem: Problem}} Effect
 */

/** @typedef {[Feed, Effect[]]} Step */

/**
 * Batches kept while an answer is awaited; one more drops the oldest, which then shows as a gap.
 */
export const MOST_KEPT = 200;

/** Questions that led nowhere before we stop asking at once and wait in between. */
export const MOST_TRIES = 3;

const LONGEST_WAIT = 15;
/** Codes of refusals that may be none a little later. */
export const ASK_AGAIN = new Set(["store_unavailable", "too_many_requests"]);

/** @type {Feed} */
export const INITIAL = Object.freeze({
  phase: "lost",
  epoch: null,
  seq: 0,
  kept: [],
  question: 0,
  tries: 0,
  returning: false,
});

/**
 * Seconds (s) to wait before question number `tries` is repeated: 1, 2, 4 … 15.
 * @param {number} tries
 */
export const backoff = (tries) => Math.min(LONGEST_WAIT, 2 ** Math.max(0, tries - 1));

/** @param {Feed} feed @param {Action} action @returns {Step} */
export function step(feed, action) {
  switch (action.type) {
    case "connected":
      return ask({ ...feed, kept: [], tries: 0 });
    case "disconnected":
      return [{ ...feed, phase: "lost", kept: [], returning: feed.epoch !== null }, []];
    case "timer":
      return feed.phase === "waiting" ? ask(feed) : [feed, []];
    case "gone":
      return [{ ...feed, phase: "gone", kept: [] }, [{ type: "gone" }]];
    case "batch":
      return onBatch(feed, action.batch);
    case "snapshot":
      return onSnapshot(feed, action.snapshot);
    case "answer":
      return onAnswer(feed, action.question, action.answer);
    default:
      return [feed, []];
  }
}

/** @param {Feed} feed @returns {Step} */
function ask(feed) {
  const question = feed.question + 1;
  const next = { ...feed, phase: /** @type {Phase} */ ("asking"), question, tries: feed.tries + 1 };
  return [next, [{ type: "watch", question, epoch: feed.epoch, seq: feed.seq }]];
}

/**
 * As `ask`, but after several questions without progress only later.
 * @param {Feed} feed
 * @returns {Step}
 */
function askAgain(feed) {
  return feed.tries < MOST_TRIES ? ask(feed) : wait(feed);
}

/** @param {Feed} feed @returns {Step} */
function wait(feed) {
  return [{ ...feed, phase: "waiting" }, [{ type: "wait", seconds: backoff(feed.tries) }]];
}

/** @param {Feed} feed @param {Batch} batch @returns {Step} */
function onBatch(feed, batch) {
  if (feed.phase === "asking" || feed.phase === "waiting") return [keep(feed, batch), []];
  return feed.phase === "live" ? take(feed, batch) : [feed, []];
}

/** @param {Feed} feed @param {Batch} batch @returns {Feed} */
function keep(feed, batch) {
  return { ...feed, kept: [...feed.kept, batch].slice(-MOST_KEPT) };
}

/**
 * Apply a batch that continues what we have. A batch that leaves a hole is kept, since the answer
 * may lead up to it; one of a foreign epoch is not, since the answer will be of that epoch or a
 * newer one.
 * @param {Feed} feed @param {Batch} batch @returns {Step}
 */
function take(feed, batch) {
  if (batch.epoch !== feed.epoch) return askAgain(feed);
  if (batch.to <= feed.seq) return [feed, []];
  if (batch.from > feed.seq) return askAgain(keep(feed, batch));
  const events = batch.events.filter((event) => event.seq > feed.seq);
  return [{ ...feed, seq: batch.to, tries: 0 }, [{ type: "apply", events }]];
}

/**
 * The server lost patience with us, or the epoch changed: forget what we had. An answer we still
 * wait for is of an older reading and will be dropped by its numbers.
 * @param {Feed} feed @param {Snapshot} snapshot @returns {Step}
 */
function onSnapshot(feed, snapshot) {
  if (feed.phase === "lost" || isOlder(feed, snapshot)) return [feed, []];
  const phase = feed.phase === "asking" ? "asking" : "live";
  return [{ ...feed, ...position(snapshot), phase }, [{ type: "reset", snapshot }]];
}

/** @param {Feed} feed @param {number} question @param {Answer} answer @returns {Step} */
function onAnswer(feed, question, answer) {
  if (feed.phase !== "asking" || question !== feed.question) return [feed, []];
  if (answer.snapshot) return onAnsweredSnapshot(feed, answer.snapshot);
  if (answer.batch) return onAnsweredBatch(feed, answer.batch);
  return onRefusal(
    feed,
    answer.error ?? { code: "bad_answer", message: "The server's answer was not understood." },
  );
}

/** @param {Feed} feed @param {Snapshot} snapshot @returns {Step} */
function onAnsweredSnapshot(feed, snapshot) {
  if (isOlder(feed, snapshot)) return goLive(feed, [], 0);
  const changes = snapshot.epoch === feed.epoch ? snapshot.seq - feed.seq : 0;
  return goLive({ ...feed, ...position(snapshot) }, [{ type: "reset", snapshot }], changes);
}

/** @param {Feed} feed @param {Batch} batch @returns {Step} */
function onAnsweredBatch(feed, batch) {
  if (batch.epoch !== feed.epoch || batch.from > feed.seq)
    return askAgain({ ...feed, epoch: null, seq: 0 });
  const events = batch.events.filter((event) => event.seq > feed.seq);
  const changes = Math.max(0, batch.to - feed.seq);
  const next = { ...feed, seq: Math.max(feed.seq, batch.to) };
  return goLive(next, events.length ? [{ type: "apply", events }] : [], changes);
}

/** @param {Feed} feed @param {Problem} problem @returns {Step} */
function onRefusal(feed, problem) {
  if (ASK_AGAIN.has(problem.code)) return wait(feed);
  if (problem.code === "run_not_found")
    return [{ ...feed, phase: "gone", kept: [] }, [{ type: "gone" }]];
  return [{ ...feed, phase: "refused", kept: [] }, [{ type: "refused", problem }]];
}

/**
 * The answer is in: apply what overtook it, in order, and stop at the first hole.
 * @param {Feed} feed @param {Effect[]} effects @param {number} changes @returns {Step}
 */
function goLive(feed, effects, changes) {
  let next = /** @type {Feed} */ ({ ...feed, phase: "live", kept: [] });
  for (const [index, batch] of feed.kept.entries()) {
    const [after, more] = take(next, batch);
    effects.push(...more);
    next = after;
    if (next.phase !== "live")
      return [{ ...next, kept: [...next.kept, ...feed.kept.slice(index + 1)] }, effects];
  }
  if (feed.returning) effects.push({ type: "caught-up", changes: changes + next.seq - feed.seq });
  return [{ ...next, tries: 0, returning: false }, effects];
}

/** Within one epoch numbers only grow. @param {Feed} feed @param {Snapshot} snapshot */
const isOlder = (feed, snapshot) => snapshot.epoch === feed.epoch && snapshot.seq < feed.seq;

/** @param {Snapshot} snapshot */
const position = (snapshot) => ({ epoch: snapshot.epoch, seq: snapshot.seq });
