/** When a task waited and when it ran, and where that falls in the stretch of time shown. Pure. */

/** @typedef {import("./types.js").Node} Node */
/** @typedef {import("./types.js").Attempt} Attempt */

/**
 * One part of a task's lane.
 * @typedef {object} Segment
 * @property {"waiting"|"running"} kind
 * @property {number} from  ms of the server's clock
 * @property {number|null} to  null: it goes on
 * @property {string} state  of that attempt
 * @property {number} attempt  from 1
 */

/** A stretch of time, in ms of the server's clock. @typedef {{from: number, to: number}} Span */

/** No stretch is shown shorter (ms): a browser's positions would blur. */
export const SHORTEST = 10;

/** Steps (ms) between the marks of the axis, from which the first that leaves room is taken. */
const STEPS = [
  2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5,
  36e5, 72e5, 216e5, 432e5, 864e5,
];

/**
 * Waiting and running by turns, one running part for each attempt that started.
 * @param {Pick<Node, "state"|"attempt"|"attempts"|"queued_at"|"started_at"|"finalized_at">} node
 * @returns {Segment[]}
 */
export function segments(node) {
  /** @type {Segment[]} */
  const found = [];
  let free = node.queued_at;
  for (const { attempt, state, started_at: begun, finalized_at: to } of [...node.attempts, node]) {
    const until = begun ?? to;
    if (free !== null && (until === null || until > free))
      found.push({ kind: "waiting", from: free, to: until, state: "PENDING", attempt });
    if (begun !== null) found.push({ kind: "running", from: begun, to, state, attempt });
    free = to;
  }
  return found;
}

/**
 * The whole of a run up to now.
 * @param {{created_at: number, finalized_at: number|null}} run @param {number} now
 * @returns {Span}
 */
export function wholeSpan(run, now) {
  const to = run.finalized_at ?? now;
  return { from: run.created_at, to: Math.max(to, run.created_at + SHORTEST) };
}

/**
 * Where a segment falls, as parts of the span: 0 its beginning, 1 its end; cut to what is shown.
 * @param {Segment} segment @param {Span} span @param {number} now
 * @returns {{start: number, length: number}}  a length of 0: out of sight
 */
export function place(segment, span, now) {
  const length = span.to - span.from;
  const start = Math.max(0, (segment.from - span.from) / length);
  const end = Math.min(1, ((segment.to ?? now) - span.from) / length);
  return { start: Math.min(1, start), length: Math.max(0, end - start) };
}

/**
 * Zoom by a factor (2: see half as much), keeping in place what is at `anchor` (0..1).
 * @param {Span} span @param {Span} whole  never left @param {number} factor @param {number} anchor
 * @returns {Span}
 */
export function zoom(span, whole, factor, anchor) {
  const length = Math.max(SHORTEST, (span.to - span.from) / factor);
  if (length >= whole.to - whole.from) return whole;
  const from = span.from + (span.to - span.from - length) * anchor;
  return shift({ from, to: from + length }, whole, 0);
}

/**
 * Move by a part of what is shown (0.5: half of it later), without leaving the whole.
 * @param {Span} span @param {Span} whole @param {number} part
 * @returns {Span}
 */
export function shift(span, whole, part) {
  const length = span.to - span.from;
  const wanted = span.from + length * part;
  const from = Math.max(whole.from, Math.min(whole.to - length, wanted));
  return { from, to: from + length };
}

/** How much of a mark's room its words take: 50 of 84 px, the longest of them. */
const WORDS = 0.6;

/**
 * The marks of the axis: ms since `zero`, where they stand (0..1), and whether their words have
 * room: those of one right before the end would be cut off.
 * @param {Span} span @param {number} zero @param {number} most  how many have room
 * @returns {{at: number, where: number, step: number, said: boolean}[]}
 */
export function marks(span, zero, most) {
  const length = span.to - span.from;
  const step = STEPS.find((one) => length / one <= most) ?? Math.ceil(length / most);
  const first = Math.ceil((span.from - zero) / step);
  const last = Math.floor((span.to - zero) / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => {
    const at = (first + i) * step;
    const where = (zero + at - span.from) / length;
    return { at, where, step, said: (1 - where) * most >= WORDS };
  });
}
