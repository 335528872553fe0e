/** Times stand still in here while what they belong to is not followed. */

import { signal } from "@preact/signals";
import { html } from "htm/preact";
import { useMemo } from "preact/hooks";
import { ServicesContext, useServices } from "./services.js";

/** @param {{when: boolean, children?: unknown}} props */
export function Still({ when, children }) {
  const services = useServices();
  const value = useMemo(
    () => (when ? { ...services, clock: { now: signal(services.clock.now.peek()) } } : services),
    [services, when],
  );
  return html`<${ServicesContext.Provider} value=${value}>${children}<//>`;
}
