/** Who is alive, and why something waits. Pure. */

import { formatCount, formatDuration, plural } from "./format.js";

/** @typedef {import("./types.js").Worker} Worker */
/** @typedef {import("./types.js").Workers} Workers */
/** @typedef {import("./types.js").Queue} Queue */

/** Dead workers that are remembered while the page is open. */
const MOST_LOST = 20;

/** Silent for this part of its time-to-live, a worker is late: it is heard five times in one. */
const LATE = 0.5;

/**
 * How a worker stands: a word, and the state whose colour and shape it has.
 * @typedef {{word: string, tone: string}} Standing
 */

/** @param {Worker} worker @param {number} now  ms @param {number} ttl  s @returns {Standing} */
export function standing(worker, now, ttl) {
  const silent = now - worker.seen_at;
  if (silent > ttl * 1000) return { word: `Dead, silent ${formatDuration(silent)}`, tone: "lost" };
  if (worker.stopping) return { word: "Stopping", tone: "revoking" };
  if (silent > LATE * ttl * 1000)
    return { word: `Late, silent ${formatDuration(silent)}`, tone: "retry" };
  return { word: "Alive", tone: "success" };
}

/** @param {Worker} worker @param {number} now @param {number} ttl */
export const isDead = (worker, now, ttl) => now - worker.seen_at > ttl * 1000;

/**
 * Those that were there before and are not any more, though nobody stopped them; the latest first.
 * @param {readonly Worker[]} lost  known so far
 * @param {Workers|null} before @param {Workers} after @returns {Worker[]}
 */
export function stillLost(lost, before, after) {
  const present = new Set(everybody(after).map((worker) => worker.name));
  const left = before ? everybody(before) : [];
  const gone = left.filter((worker) => !present.has(worker.name) && !worker.stopping);
  return [...gone, ...lost.filter((worker) => !present.has(worker.name))].slice(0, MOST_LOST);
}

/** @param {Workers} workers */
export const everybody = ({ watchers, compute }) => [...watchers, ...compute];

/**
 * Why tasks of this queue have not begun, or why that is not known; "" if none waits.
 * @param {Queue} queue @param {Workers} workers @param {number} now
 */
export function whyWaiting(queue, workers, now) {
  if (queue.problem) return queue.problem;
  if (!queue.length) return "";
  if (queue.waiting) return `${queue.waiting}: start one with -Q ${queue.name}`;
  const alive = takersOf(everybody(workers), queue.name, workers, now);
  if (!alive.length) return "everybody who takes from it is dead or stopping";
  return slotsBusy(alive) || "about to be taken";
}

/**
 * Why a child that was sent has not begun, where it is that no slot is free; "" where that is not
 * so, as when it is still on its way, or due later.
 * @param {Workers} workers @param {number} now
 * @param {string|null} [queue]  that it was sent to; null: whichever
 */
export const whyNotBegun = (workers, now, queue = null) =>
  slotsBusy(takersOf(workers.compute, queue, workers, now));

/**
 * Those who would take something from that queue.
 * @param {Worker[]} among @param {string|null} queue  null: from any
 * @param {Workers} workers @param {number} now
 */
const takersOf = (among, queue, { ttl }, now) =>
  among.filter(
    (one) =>
      (queue === null || one.queues.includes(queue)) && !one.stopping && !isDead(one, now, ttl),
  );

/** "" while one of them has room. @param {Worker[]} workers */
function slotsBusy(workers) {
  const slots = workers.reduce((sum, one) => sum + one.slots, 0);
  const busy = workers.reduce((sum, one) => sum + one.running.length, 0);
  if (!slots || slots > busy) return "";
  return slots === 1 ? "the only slot is busy" : `all ${formatCount(slots)} slots are busy`;
}

/** "2 watchers, 4 of 8 compute slots busy, 12 messages waiting, 1 queue unreadable". @param {Workers} workers
 * @param {number} now */
export function fleetSummary(workers, now) {
  const isAlive = (/** @type {Worker} */ one) => !isDead(one, now, workers.ttl);
  const compute = workers.compute.filter(isAlive);
  const slots = compute.reduce((sum, one) => sum + (one.slots ?? 0), 0);
  const busy = compute.reduce((sum, one) => sum + one.running.length, 0);
  const waiting = workers.queues.reduce((sum, queue) => sum + queue.length, 0);
  const unreadable = workers.queues.filter((queue) => queue.problem).length;
  const watching = workers.watchers.filter(isAlive);
  return [
    plural(watching.length, "watcher"),
    `${formatCount(busy)} of ${plural(slots, "compute slot")} busy`,
    waiting ? `${plural(waiting, "message")} waiting` : unreadable ? "" : "nothing waiting",
    unreadable ? `${plural(unreadable, "queue")} unreadable` : "",
  ]
    .filter(Boolean)
    .join(", ");
}
