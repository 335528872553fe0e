/** Stands after the known children of a large parent, and has the others read once it is seen. */

import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";

/** Milliseconds (ms) a row has to be in sight: who drags the scroll bar past it reads nothing. */
const STAYS = 100;

/** How far below the window is as good as in sight. */
const NEAR = "300px";

/**
 * @typedef {object} MoreRowProps
 * @property {import("../model/tree.js").Row} row  of which `more` names the parent
 * @property {number} index
 * @property {import("../live/missing-nodes.js").MissingNodes} missing
 */

/** @param {MoreRowProps} props */
export function MoreRow({ row, index, missing }) {
  const parent = row.more ?? "";
  const problem = missing.problem.value;
  const element = useRef(/** @type {HTMLElement|null} */ (null));
  const read = () => void missing.readUnder(parent);
  const held = missing.held.value;
  useEffect(
    () => (held ? undefined : whileSeen(element.current, read)),
    [parent, missing.pages.value, held],
  );
  return html`<div class="row tree-row tree-more" role="row" data-path=${row.path} tabindex="-1"
      ref=${element} aria-rowindex=${index + 1} aria-level=${row.level}>
    <div class="cell-name muted" role="gridcell" style=${{ "--level": row.level }}>
      ${
        problem
          ? html`<span class="clip" title=${problem}>More tasks could not be read</span>
        <button type="button" class="link small" onClick=${read}>Try again</button>`
          : "More tasks…"
      }
    </div>
  </div>`;
}

/**
 * Does it once the element has been in sight for a while.
 * @param {HTMLElement|null} element @param {() => void} act
 * @returns {() => void}  gives it up
 */
function whileSeen(element, act) {
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  const sight = new IntersectionObserver(
    (seen) => {
      clearTimeout(timer);
      if (seen.at(-1)?.isIntersecting) timer = setTimeout(act, STAYS);
    },
    { rootMargin: NEAR },
  );
  if (element) sight.observe(element);
  return () => {
    clearTimeout(timer);
    sight.disconnect();
  };
}
