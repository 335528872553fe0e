/** What every part of a page may use, handed down once by the entry. */

import { createContext } from "preact";
import { useContext, useEffect, useLayoutEffect } from "preact/hooks";

/**
 * @typedef {object} Services
 * @property {import("../live/link.js").Link} link
 * @property {import("../client/api.js").Api} api
 * @property {import("../live/clock.js").Clock} clock
 * @property {import("../live/announcer.js").Announcer} announcer
 * @property {import("../live/tab-face.js").TabFace} tab
 * @property {import("../live/shortcuts.js").Shortcuts} shortcuts
 * @property {boolean} mayDelete
 * @property {boolean} mayAct  false for those who may only look
 * @property {readonly string[]} secretNames  words that end the names of what is secret
 */

/** @type {import("preact").Context<Services|null>} */
export const ServicesContext = createContext(/** @type {Services|null} */ (null));

/** @returns {Services} */
export function useServices() {
  const services = useContext(ServicesContext);
  if (!services)
    throw new Error("This part is drawn outside of a page. Wrap it in ServicesContext.Provider.");
  return services;
}

/**
 * The single keys a page hears as soon as it is drawn, and while it is shown. What they do may only
 * use what stays the same.
 * @param {readonly import("../model/shortcuts.js").Shortcut[]} offered
 */
export function useShortcuts(offered) {
  const { shortcuts } = useServices();
  useLayoutEffect(() => shortcuts.offer(offered), [shortcuts]);
}

/**
 * What failed for want of a connection may be done once that is back. It is called where a part is
 * drawn first, too: if nothing has failed it has nothing to do.
 * @param {() => void} act
 */
export function useOnReturn(act) {
  const isUp = useServices().link.up.value;
  useEffect(() => {
    if (isUp) act();
  }, [isUp]);
}
