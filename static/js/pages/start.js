/** Choose a parent, fill in its arguments, start it. */

import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { moduleName, shortName } from "../model/format.js";
import { ApiError } from "../client/api.js";
import { Blank, Loading } from "../view/blank.js";
import { focusOn } from "../view/row-focus.js";
import { useOnReturn, useServices } from "../view/services.js";
import { StartForm } from "../view/start-form.js";

/** @typedef {import("../model/types.js").Parent} Parent */

/** @typedef {import("../model/types.js").Run} Run */

/** @typedef {{parents: Parent[], given?: Run, isGone: boolean}} Offer  isGone: what `?from=` names */

/** @param {{name: string}} props */
export function StartPage({ name }) {
  const { api, mayAct } = useServices();
  const [offer, setOffer] = useState(/** @type {Offer|null} */ (null));
  const [problem, setProblem] = useState("");
  const [tries, setTries] = useState(0);
  useEffect(() => {
    setProblem("");
    readOffer(api).then(setOffer, (error) => setProblem(error.message));
  }, [tries]);
  useOnReturn(() => {
    if (problem) setTries(tries + 1);
  });
  if (!mayAct)
    return html`<${Blank} title="You may look, not start"><p class="muted">Starting a run takes the
      role operator or admin. Ask who runs this server for it.</p>
      <p><a class="button" href="/">All runs</a></p><//>`;
  if (problem)
    return html`<${Blank} title="The parents could not be read"><p class="muted">${problem}</p><p>
      <button type="button" class="button" onClick=${() => setTries(tries + 1)}>Try again</button>
      </p><//>`;
  if (!offer) return html`<div class="start-columns"><${Loading} rows=${5}
    label="Reading the parents" /><${Loading} rows=${5} label="Reading their arguments" /></div>`;
  if (!offer.parents.length) return html`<${NoParents} again=${() => setTries(tries + 1)} />`;
  return html`<${Chooser} offer=${offer} name=${name} />`;
}

/**
 * With `?from=` the form begins with an earlier run's arguments, label and tags.
 * @param {import("../client/api.js").Api} api
 * @returns {Promise<Offer>}
 */
async function readOffer(api) {
  const from = new URLSearchParams(location.search).get("from");
  const [parents, given] = await Promise.all([api.parents(), from ? readRun(api, from) : undefined]);
  const sorted = [...parents].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { parents: sorted, given: given ?? undefined, isGone: given === null };
}

/** Null if it was deleted. @param {import("../client/api.js").Api} api @param {string} id */
async function readRun(api, id) {
  try {
    return await api.whole(id);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** @param {{offer: Offer, name: string}} props */
function Chooser({ offer, name }) {
  const [chosen, setChosen] = useState(name || offer.parents[0].name);
  const parent = offer.parents.find((one) => one.name === chosen);
  const choose = (/** @type {string} */ next) => {
    setChosen(next);
    history.replaceState(history.state, "", `/start?name=${encodeURIComponent(next)}`);
  };
  const list = useChosenInSight(chosen);
  return html`<div class="start-columns">
    <nav class="card parents" aria-label="Parents" ref=${list}>
      <a class="skip" href="#arguments" onClick=${skip}>Skip to the arguments</a><ul>
      ${offer.parents.map((one) => html`<li key=${one.name}><${ParentLink} parent=${one}
        chosen=${one.name === chosen} choose=${choose} /></li>`)}
    </ul></nav>
    ${
      parent
        ? html`<${StartForm} key=${parent.name} parent=${parent}
          given=${parent.name === name ? offer.given : undefined} isGone=${parent.name === name && offer.isGone} />`
        : html`<${Blank} title="No such parent"><p class="muted">No worker offers <span
          class="mono wrap">${chosen}</span>. Choose one of the list.</p><//>`
    }
  </div>`;
}

/**
 * A list that is longer than its place is scrolled to what is chosen, and the page is not.
 * @param {string} chosen
 */
function useChosenInSight(chosen) {
  const list = useRef(/** @type {HTMLElement|null} */ (null));
  useLayoutEffect(() => {
    const shown = list.current?.querySelector("[aria-current]")?.getBoundingClientRect();
    const frame = list.current?.getBoundingClientRect();
    if (!list.current || !shown || !frame) return;
    const border = list.current.clientTop;
    const [top, bottom] = [frame.top + border, Math.min(frame.bottom - border, innerHeight)];
    if (shown.bottom > bottom) list.current.scrollTop += shown.bottom - bottom;
    if (shown.top < top) list.current.scrollTop -= top - shown.top;
  }, [chosen]);
  return list;
}

/** Past a list that may be long; the address stays. @param {MouseEvent} event */
function skip(event) {
  event.preventDefault();
  focusOn("#arguments");
}

/** @param {{parent: Parent, chosen: boolean, choose: (name: string) => void}} props */
function ParentLink({ parent, chosen, choose }) {
  const onClick = (/** @type {MouseEvent} */ event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    choose(parent.name);
  };
  return html`<a class="parent" href=${`/start?name=${encodeURIComponent(parent.name)}`}
    aria-current=${chosen ? "true" : undefined} onClick=${onClick}>
    <span class="name">${shortName(parent.name)}</span><span class="muted small mono clip">
      ${moduleName(parent.name)}</span>
    <span class="muted small parent-doc">${parent.doc.split("\n", 1)[0]}</span>
  </a>`;
}

/** @param {{again: () => void}} props */
function NoParents({ again }) {
  return html`<${Blank} title="No parents are known yet">
    <p class="muted">Workers write down which parents they offer when they start.
      Start one, then look again.</p>
    <p><button type="button" class="button" onClick=${again}>Look again</button></p>
  <//>`;
}
