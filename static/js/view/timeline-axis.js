/** The axis above the lanes: marks of time since the run was created; dragged, it pans. */

import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import { formatOffset } from "../model/format.js";
import { Icon } from "./icons.js";

/** @typedef {import("../live/timeline.js").Timeline} Timeline */

/** How much one click or one notch of the wheel zooms. */
const ZOOM_STEP = 1.6;

/** @param {{timeline: Timeline}} props */
export function TimelineAxis({ timeline }) {
  const element = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    timeline.drawAxis(element.current);
    return () => timeline.drawAxis(null);
  }, [timeline]);
  const onPointerMove = (/** @type {PointerEvent} */ event) => {
    const axis = element.current;
    if (axis && event.buttons === 1) timeline.pan(-event.movementX / axis.clientWidth);
  };
  const onPointerDown = (/** @type {PointerEvent} */ event) =>
    element.current?.setPointerCapture(event.pointerId);
  return html`<div class=${`axis ${timeline.chosen.value ? "axis-zoomed" : ""}`} ref=${element}
    onPointerDown=${onPointerDown} onPointerMove=${onPointerMove}>
    ${timeline.marks.value.map(
      (mark) => html`<span key=${mark.at} class="axis-mark"
        style=${{ left: `${mark.where * 100}%` }}>
        ${mark.said ? formatOffset(mark.at, mark.step) : null}</span>`,
    )}
  </div>`;
}

/** @param {{timeline: Timeline}} props */
export function TimelineButtons({ timeline }) {
  const zoomed = timeline.chosen.value !== null;
  return html`<div class="timeline-buttons" role="group" aria-label="Timeline">
    ${zoomed ? html`<${Step} label="Earlier" shape="earlier" act=${() => timeline.pan(-0.5)} />
      <${Step} label="Later" shape="later" act=${() => timeline.pan(0.5)} />` : null}
    <${Step} label="Zoom out" shape="minus" off=${!zoomed}
      act=${() => timeline.zoom(1 / ZOOM_STEP)} />
    <${Step} label="Zoom in" shape="plus" act=${() => timeline.zoom(ZOOM_STEP)} />
    ${zoomed ? html`<button type="button" class="link small"
      onClick=${() => timeline.showWhole()}>Whole run</button>` : null}
  </div>`;
}

/** @param {{label: string, shape: string, act: () => void, off?: boolean}} props */
function Step({ label, shape, act, off = false }) {
  return html`<button type="button" class="step-button" aria-label=${label} title=${label}
    disabled=${off} onClick=${act}><${Icon} shape=${shape} /></button>`;
}

/**
 * With Ctrl (or a pinch on a touchpad) the wheel zooms around the pointer, with Shift it pans.
 * @param {WheelEvent} event @param {Timeline} timeline
 */
export function turnWheel(event, timeline) {
  const lane = /** @type {HTMLElement} */ (event.target).closest(".cell-lane")?.firstElementChild;
  if (!lane || !(event.ctrlKey || event.shiftKey)) return;
  event.preventDefault();
  const { left, width } = lane.getBoundingClientRect();
  const turned = event.deltaY || event.deltaX;
  if (event.shiftKey) timeline.pan(Math.sign(turned) * 0.1);
  else timeline.zoom(turned < 0 ? ZOOM_STEP : 1 / ZOOM_STEP, (event.clientX - left) / width);
}
