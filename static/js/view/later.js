/** Parts that the first view of a page does without: their modules come after it. */

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { useServices } from "./services.js";

/** How often files that are needed are asked for, and how long (ms) after that once more, and twice. */
const MOST_TRIES = 3;
const PAUSE = 1_000;

/** How to load what is not here yet. @type {Set<() => Promise<unknown>>} */
const left = new Set();

/** Files of such modules that are not here yet; null before the first time. @type {Set<string>|null} */
let missing = null;

/** @type {Promise<unknown>|null} */
let coming = null;

/**
 * Have the files of all such modules in the browser's cache, asked for at once, as one imports the
 * next; fails if the server can't be asked. They are fetched before they are imported: what has once
 * failed to come as a module fails in that page for good (Chromium), a file is just asked for again.
 */
function bringFiles() {
  missing ??= new Set(addresses());
  coming ??= Promise.all([...missing].map(bring)).finally(() => (coming = null));
  return coming;
}

/** @param {string} address */
async function bring(address) {
  const answer = await fetch(address, { priority: "low" });
  await answer.arrayBuffer(); // only what was read to its end is kept
  if (answer.ok) missing?.delete(address); // else who imports it finds out
}

/** As the server wrote them into the page. @returns {string[]} */
function addresses() {
  const map = /** @type {HTMLScriptElement} */ (document.querySelector("[type=importmap]"));
  /** @type {string[]} */
  const all = Object.values(JSON.parse(map.text).imports);
  return all.slice(Number(map.dataset.first));
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
    known.part ??= await load();
    left.delete(get);
  };
  left.add(get);
  return function Later(/** @type {Parameters<Part>[0]} */ props) {
    const { link } = useServices();
    const [, setHere] = useState(known.part !== null);
    useEffect(() => {
      if (!known.part)
        insist(link)
          .then(get)
          .then(() => setHere(true), fail);
    }, []);
    return known.part ? html`<${known.part} ...${props} />` : meanwhile;
  };
}

/**
 * They are needed now. While the connection is lost nothing comes: asked again when that is back.
 * @param {import("../live/link.js").Link} link
 */
async function insist(link) {
  for (let tries = 1; ; tries++) {
    try {
      return await bringFiles();
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, tries * PAUSE)); // a loss is known by then
    await link.reachable();
  }
}

/** The page goes on as one of which a script is missing. */
const fail = () => void dispatchEvent(new Event("loadfailed"));

/** Load the rest, so that nobody waits for it. What fails is tried again when it is needed. */
export async function loadLater() {
  try {
    await bringFiles();
  } catch {
    return;
  }
  for (const get of left) get().catch(() => {});
}
