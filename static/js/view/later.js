/** Parts that the first view of a page does without: their modules come after it. */

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";

/** How to load what is not here yet. @type {Set<() => Promise<unknown>>} */
const left = new Set();

let isPreloaded = false;

/** One module imports the next: asked for all at once, none waits for another. */
function preload() {
  if (isPreloaded) return;
  isPreloaded = true;
  const map = /** @type {HTMLScriptElement} */ (document.querySelector("[type=importmap]"));
  /** @type {string[]} */
  const all = Object.values(JSON.parse(map.text).imports);
  for (const href of all.slice(Number(map.dataset.first)))
    document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href }));
}

/**
 * A part that is loaded when it is drawn for the first time, or by `loadLater`.
 * @template {(props: any) => unknown} Part
 * @param {() => Promise<Part>} load
 * @param {unknown} [meanwhile]  what stands in its place until then
 */
export function later(load, meanwhile = null) {
  const known = { part: /** @type {Part|null} */ (null) };
  const get = async () => {
    preload();
    known.part ??= await load();
    left.delete(get);
  };
  left.add(get);
  return function Later(/** @type {Parameters<Part>[0]} */ props) {
    const [, setHere] = useState(known.part !== null);
    useEffect(() => {
      if (!known.part) get().then(() => setHere(true), fail);
    }, []);
    return known.part ? html`<${known.part} ...${props} />` : meanwhile;
  };
}

/** It is needed now: the page goes on as one of which a script is missing. */
const fail = () => void dispatchEvent(new Event("loadfailed"));

/** Load the rest, so that nobody waits for it. What fails is tried again when it is needed. */
export function loadLater() {
  for (const get of left) get().catch(() => {});
}
