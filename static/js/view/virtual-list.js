/** Draws only the rows that can be seen, while the page itself scrolls. */

import { html } from "htm/preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** Rows drawn at first, more than a screen has. */
const FIRST = 60;

/** Rows drawn above and below the visible ones. */
const OVERSCAN = 10;

/**
 * @template T
 * @typedef {object} VirtualListProps
 * @property {readonly T[]} items
 * @property {(item: T, index: number) => unknown} row
 * @property {number} [always]  up to this many items all are drawn, so that the browser's own
 *   search finds them
 * @property {string} role  of the list
 * @property {string} label
 * @property {Record<string, unknown>} [more]  further attributes of the list
 */

/**
 * All rows must be as high as the style sheet's --row-height says.
 * @template T @param {VirtualListProps<T>} props
 */
export function VirtualList({ items, row, always = 100, role, label, more = {} }) {
  const frame = useRef(/** @type {HTMLElement|null} */ (null));
  const all = useAfterFirst(items.length <= always, items.length <= FIRST);
  const [first, last, height] = useWindow(frame, items.length, all);
  const shown = items.slice(first, last);
  return html`<div class="rows" ref=${frame} role=${role} aria-label=${label}
    data-drawn=${all ? "all" : "part"} ...${more}>
    <div class="rows-gap" role="presentation" style=${{ height: `${first * height}px` }}></div>
    ${shown.map((item, index) => row(item, first + index))}
    <div class="rows-gap" role="presentation"
      style=${{ height: `${Math.max(0, items.length - last) * height}px` }}></div>
  </div>`;
}

/**
 * Whether to draw all, which waits until the first rows are on the screen.
 * @param {boolean} wanted @param {boolean} atOnce  they are so few that there is nothing to wait for
 */
function useAfterFirst(wanted, atOnce) {
  const [isDue, setDue] = useState(atOnce);
  useEffect(() => {
    if (isDue) return undefined;
    const asked = requestAnimationFrame(() => setTimeout(() => setDue(true)));
    return () => cancelAnimationFrame(asked);
  }, [isDue]);
  return wanted && (isDue || atOnce);
}

/**
 * The range of rows to draw and their height (px).
 * @param {{current: HTMLElement|null}} frame @param {number} count @param {boolean} all
 * @returns {[number, number, number]}
 */
function useWindow(frame, count, all) {
  const [known, setRange] = useState(/** @type {[number, number, number]} */ ([0, FIRST, 0]));
  const drewAll = useRef(false);
  // Measured while all rows still stand: with fewer the page is shorter, and would jump up.
  const range = drewAll.current && !all ? visibleRange(frame.current, count) : known;
  useEffect(() => {
    drewAll.current = all;
  });
  useEffect(() => {
    if (all) return undefined;
    const measure = () =>
      setRange((before) => keepIfSame(before, visibleRange(frame.current, count)));
    measure();
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, [count, all]);
  return all ? [0, count, 0] : [range[0], Math.min(count, range[1]), range[2]];
}

/** @param {[number, number, number]} before @param {[number, number, number]} after */
const keepIfSame = (before, after) => (before.every((n, i) => n === after[i]) ? before : after);

/** @param {HTMLElement|null} frame @param {number} count @returns {[number, number, number]} */
function visibleRange(frame, count) {
  if (!frame) return [0, FIRST, 0];
  const height = parseFloat(getComputedStyle(frame).getPropertyValue("--row-height")) || 44;
  const offset = -frame.getBoundingClientRect().top;
  const first = Math.max(0, Math.min(count, Math.floor(offset / height) - OVERSCAN));
  return [first, first + Math.ceil(innerHeight / height) + 2 * OVERSCAN, height];
}
