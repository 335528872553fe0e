/**
 * Moves the lanes of a run's tasks in animation frames, only while something runs, and only in
 * those in which something has moved: a frame that is asked for costs the browser its whole round,
 * whether anything is done in it or not.
 *
 * The lanes that are drawn register here; nothing is rendered anew for a frame, each part is only
 * placed. A hidden tab gets no animation frames, so nothing is done there.
 */

import { computed, effect, signal } from "@preact/signals";
import { isFinal } from "../model/states.js";
import { marks, place, shift, wholeSpan, zoom } from "../model/timeline.js";

/** @typedef {import("../model/timeline.js").Segment} Segment */
/** @typedef {import("../model/timeline.js").Span} Span */

/** The part of a lane, half a pixel or so, by which a bar has to have grown to be drawn again. */
const LEAST_MOVE = 1 / 1_000;

/**
 * Milliseconds (ms) between two paintings at least: bars grow by less than the eye follows, and
 * each painting costs the browser a frame's work.
 */
const LEAST_PAUSE = 40;

/** What is shorter than this part of the lane is drawn so wide all the same. */
const LEAST_LENGTH = 1 / 160;

/** Without motion lanes move once in so many ms. */
const CALM_PERIOD = 1_000;

/** Pixels (px) a mark of the axis takes. */
const MARK_WIDTH = 84;

export class Timeline {
  /**
   * @param {import("./run-store.js").RunStore} store
   * @param {import("./clock.js").Clock} clock
   */
  constructor(store, clock) {
    this.store = store;
    this.clock = clock;
    /** @type {Map<HTMLElement, readonly Segment[]>} */
    this.lanes = new Map();
    /**
     * What is zoomed to; null: the whole run.
     * @type {import("@preact/signals").Signal<Span|null>}
     */
    this.chosen = signal(null);
    /** @type {import("@preact/signals").Signal<ReturnType<typeof marks>>} */
    this.marks = signal([]);
    /** The frame that was asked for. @type {number|undefined} */
    this.waiting = undefined;
    /** Asks for the next frame. @type {ReturnType<typeof setTimeout>|undefined} */
    this.resting = undefined;
    /** Pixels (px) of the axis, as it was laid out: to ask for it makes the browser do that. */
    this.room = 0;
    this.sizes = new ResizeObserver(([axis]) => this.measured(axis.contentRect.width));
    this.frame = this.frame.bind(this);
    this.wake = this.wake.bind(this);
  }

  connect() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.isCalm = () => calm.matches;
    const ended = computed(() => this.store.run.value?.finalized_at);
    this.stop = effect(() => {
      void ended.value;
      void this.chosen.value;
      void this.clock.link.up.value;
      this.wake();
    });
    addEventListener("resize", this.wake);
  }

  disconnect() {
    this.stop?.();
    removeEventListener("resize", this.wake);
    this.sizes.disconnect();
    clearTimeout(this.resting);
    if (this.waiting) cancelAnimationFrame(this.waiting);
  }

  /** The axis is drawn there, or is not drawn. @param {HTMLElement|null} axis */
  drawAxis(axis) {
    this.sizes.disconnect();
    this.room = 0;
    if (axis) this.sizes.observe(axis);
  }

  /** @param {number} width  px */
  measured(width) {
    this.room = width;
    this.wake();
  }

  /**
   * A lane was drawn, or drawn anew.
   * @param {HTMLElement} lane @param {readonly Segment[]} parts
   */
  attach(lane, parts) {
    this.lanes.set(lane, parts);
    const span = this.span();
    if (span) paintLane(lane, parts, span, this.clock.exact());
  }

  /** @param {HTMLElement} lane */
  detach(lane) {
    this.lanes.delete(lane);
  }

  /** What is shown now. @returns {Span|null} */
  span() {
    return this.chosen.peek() ?? this.whole();
  }

  /** @returns {Span|null} */
  whole() {
    const run = this.store.run.peek();
    return run && wholeSpan(run, this.clock.exact());
  }

  wake() {
    this.waiting ??= requestAnimationFrame(this.frame);
  }

  frame() {
    this.waiting = undefined;
    clearTimeout(this.resting);
    const span = this.span();
    if (!span) return;
    this.paint(span, this.clock.exact());
    if (this.moves()) this.resting = setTimeout(this.wake, this.pause(span));
  }

  /** Whether the next moment looks different from this one. */
  moves() {
    const run = this.store.run.peek();
    return Boolean(run) && !isFinal(run?.state ?? "") && this.clock.link.up.peek();
  }

  /** Milliseconds (ms) between two paintings. @param {Span} span */
  pause(span) {
    if (this.isCalm?.()) return CALM_PERIOD;
    return Math.max(LEAST_PAUSE, (span.to - span.from) * LEAST_MOVE);
  }

  /** @param {Span} span @param {number} now */
  paint(span, now) {
    const { room } = this;
    for (const [lane, parts] of this.lanes) paintLane(lane, parts, span, now);
    const zero = this.store.run.peek()?.created_at ?? span.from;
    this.marks.value = room ? marks(span, zero, Math.max(1, room / MARK_WIDTH)) : [];
  }

  /** @param {number} factor @param {number} [anchor]  what stays in place, 0..1 */
  zoom(factor, anchor = 0.5) {
    const [span, whole] = [this.span(), this.whole()];
    if (!span || !whole) return;
    const next = zoom(span, whole, factor, anchor);
    this.chosen.value = next === whole ? null : next;
  }

  /** @param {number} part  of what is shown */
  pan(part) {
    const [span, whole] = [this.chosen.peek(), this.whole()];
    if (span && whole) this.chosen.value = shift(span, whole, part);
  }

  showWhole() {
    this.chosen.value = null;
  }
}

/**
 * @param {HTMLElement} lane  with a child for each part @param {readonly Segment[]} parts
 * @param {Span} span @param {number} now
 */
function paintLane(lane, parts, span, now) {
  parts.forEach((part, index) => {
    const element = /** @type {HTMLElement|undefined} */ (lane.children[index]);
    if (!element) return;
    const { start, length } = place(part, span, now);
    element.hidden = length === 0 && (start === 0 || start === 1);
    const drawn = Math.max(length, LEAST_LENGTH);
    element.style.transform = `translateX(${Math.min(start, 1 - drawn) * 100}%) scaleX(${drawn})`;
  });
}
