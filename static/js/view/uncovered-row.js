/** Where the details lie over the rows, as on a phone, they leave the row they belong to in sight. */

import { useEffect } from "preact/hooks";

/** Pixels (px) between that row and what would cover it. */
const AIR = 8;

/** Where the window ends for the rows: at its lower edge, or at the details that lie over them. */
export function lowestInSight() {
  const details = document.querySelector(".details");
  if (!details || getComputedStyle(details).position !== "fixed") return innerHeight;
  return Math.min(innerHeight, details.getBoundingClientRect().top);
}

/**
 * As often as the details grow over the row, the page is scrolled by as much. A row that was out of
 * sight before is left there: somebody scrolled it away.
 * @param {{current: HTMLElement|null}} details @param {string} path  of the task they show
 */
export function useUncoveredRow(details, path) {
  useEffect(() => {
    let before = innerHeight;
    const growth = new ResizeObserver(() => {
      const now = lowestInSight();
      const row = document.querySelector(`.tree [data-path="${CSS.escape(path)}"]`);
      const bottom = row?.getBoundingClientRect().bottom ?? 0;
      if (bottom <= before && bottom > now - AIR) scrollBy({ top: bottom + AIR - now });
      before = now;
    });
    if (details.current) growth.observe(details.current);
    return () => growth.disconnect();
  }, [path]);
}
