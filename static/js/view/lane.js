/** One task's lane in the timeline: waiting and running drawn apart, a part for each attempt. */

import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { formatDuration, formatTime, plural } from "../model/format.js";
import { stateTone } from "../model/states.js";
import { segments } from "../model/timeline.js";

/** @typedef {import("../model/types.js").Node} Node */
/** @typedef {import("../live/timeline.js").Timeline} Timeline */

/** @param {{node: Node, timeline: Timeline}} props */
export function Lane({ node, timeline }) {
  const element = useRef(/** @type {HTMLElement|null} */ (null));
  const parts = segments(node);
  useLayoutEffect(() => {
    if (element.current) timeline.attach(element.current, parts);
  });
  useEffect(() => {
    const lane = element.current;
    return () => {
      if (lane) timeline.detach(lane);
    };
  }, [timeline]);
  return html`<div class=${`lane lane-of-${node.kind}`} ref=${element} title=${told(node, parts)}>
    ${parts.map(
      (part) => html`<span class=${`lane-part lane-${part.kind} tone-${stateTone(part.state)}`}
        data-attempt=${part.attempt}></span>`,
    )}
  </div>`;
}

/** The lane in words. @param {Node} node @param {import("../model/timeline.js").Segment[]} parts */
function told(node, parts) {
  if (!parts.length) return "Not sent yet";
  const words = [`Queued ${formatTime(parts[0].from)}`];
  for (const kind of /** @type {const} */ (["waiting", "running"])) {
    const ended = parts.filter((part) => part.kind === kind && part.to !== null);
    const spent = ended.reduce((sum, part) => sum + ((part.to ?? 0) - part.from), 0);
    if (ended.length) words.push(`${kind} ${formatDuration(spent, true)}`);
    if (parts.some((part) => part.kind === kind && part.to === null)) words.push(`${kind} now`);
  }
  if (node.attempt > 1) words.push(plural(node.attempt, "attempt"));
  return words.join(", ");
}
