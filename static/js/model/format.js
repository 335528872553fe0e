/** Numbers, times and values as people read them. Pure; every time is in milliseconds (ms). */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Characters of the iterations that a row has room for. */
const MOST_DIGITS = 12;

const count = new Intl.NumberFormat("en");

/** @param {number} n */
export const formatCount = (n) => count.format(n);

/** @param {number} n @param {string} one @param {string} [many] */
export const plural = (n, one, many = `${one}s`) => `${formatCount(n)} ${n === 1 ? one : many}`;

/** @param {number} n */
const two = (n) => String(n).padStart(2, "0");

/**
 * A finished or running time: "40 ms", "0.4 s", "12 s", "3 m 05 s", "2 h 04 m".
 * @param {number} ms
 * @param {boolean} [exact]
 */
export function formatDuration(ms, exact = false) {
  const span = Math.max(0, ms);
  if (span < SECOND / 10 && exact) return `${Math.round(span)} ms`;
  if (span < 10 * SECOND && exact) return `${(span / SECOND).toFixed(1)} s`;
  if (span < MINUTE) return `${Math.floor(span / SECOND)} s`;
  if (span < HOUR)
    return `${Math.floor(span / MINUTE)} m ${two(Math.floor((span % MINUTE) / SECOND))} s`;
  if (span < DAY)
    return `${Math.floor(span / HOUR)} h ${two(Math.floor((span % HOUR) / MINUTE))} m`;
  return `${Math.floor(span / DAY)} d ${Math.floor((span % DAY) / HOUR)} h`;
}

/**
 * How long something has run, or ran.
 * @param {{started_at: number|null, finalized_at: number|null}} record
 * @param {number} now
 */
export function elapsed(record, now) {
  if (record.started_at === null) return "";
  const ended = record.finalized_at;
  return formatDuration((ended ?? now) - record.started_at, ended !== null);
}

/**
 * A mark of the timeline, as fine as the step between two marks needs: "5 ms", "0.2 s", "40 s", "1 m".
 * @param {number} ms @param {number} step
 */
export function formatOffset(ms, step) {
  if (step >= MINUTE || ms >= MINUTE) return formatDuration(ms);
  if (step < 100 && ms < SECOND) return `${ms} ms`;
  const digits = step < 10 ? 3 : step < 100 ? 2 : step < SECOND ? 1 : 0;
  return `${(ms / SECOND).toFixed(digits)} s`;
}

/**
 * Time that is left, no finer than it can be known: "a few seconds", "about 40 s", "about 3 min".
 * @param {number} ms
 */
export function formatLeft(ms) {
  if (ms < 5 * SECOND) return "a few seconds";
  if (ms < 50 * SECOND) return `about ${Math.round(ms / (5 * SECOND)) * 5} s`;
  if (ms < 50 * MINUTE) return `about ${Math.round(ms / MINUTE) || 1} min`;
  if (ms < 20 * HOUR) return `about ${Math.round(ms / (HOUR / 2)) / 2} h`;
  return `about ${plural(Math.round(ms / DAY) || 1, "day")}`;
}

/** "just now", "5 min ago", "3 h ago", "12 days ago". @param {number} at @param {number} now */
export function formatAgo(at, now) {
  const span = Math.max(0, now - at);
  if (span < MINUTE) return "just now";
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min ago`;
  if (span < DAY) return `${Math.floor(span / HOUR)} h ago`;
  return `${plural(Math.floor(span / DAY), "day")} ago`;
}

// Made once: `toLocaleString` makes one for each call, which took half the time of a busy tree.
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** @param {number} at */
export const formatTime = (at) => absolute.format(at);

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** The time of day to the second, by the clock on this wall: "14:03:22". @param {number} at */
export const formatClock = (at) => clock.format(at);

/** The last part of a dotted task name. @param {string} name */
export const shortName = (name) => name.slice(name.lastIndexOf(".") + 1);

/** The part of a dotted task name before its last dot. @param {string} name */
export const moduleName = (name) => name.slice(0, Math.max(0, name.lastIndexOf(".")));

/** @param {string} id */
export const shortId = (id) => id.slice(0, 8);

/** @param {unknown} value */
export const formatJson = (value) => JSON.stringify(value, null, 2) ?? "null";

/**
 * "3 / 10", or "3" while the total is unknown, or "" before the first word.
 * @param {import("./types.js").Meta} meta
 */
export function iterations(meta) {
  if (meta.total === null) return meta.iteration ? formatCount(meta.iteration) : "";
  return `${formatCount(meta.iteration)} / ${formatCount(meta.total)}`;
}

const few = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 2 });

/**
 * The same as a row has room for it: "120K / 9.9M" where the numbers are long.
 * @param {import("./types.js").Meta} meta
 */
export function briefIterations(meta) {
  const words = iterations(meta);
  if (words.length <= MOST_DIGITS) return words;
  return [meta.iteration, meta.total].flatMap((n) => (n === null ? [] : few.format(n))).join(" / ");
}

/**
 * The percentage to draw, or null while nobody can know it.
 * @param {{state: string, meta: import("./types.js").Meta}} record
 */
export function knownCompletion(record) {
  if (record.state === "SUCCESS") return 100;
  const { completion, total } = record.meta;
  return total === null && !completion ? null : Math.min(100, Math.max(0, completion));
}
