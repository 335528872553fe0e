/** That no slot is free, said where something waits for one. */

import { html } from "htm/preact";
import { useEffect, useMemo } from "preact/hooks";
import { FleetFeed } from "../live/fleet-feed.js";
import { whyNotBegun } from "../model/fleet.js";
import { useServices } from "./services.js";

/** Milliseconds (ms) that it has to wait before anybody is asked: mostly it is over by then. */
const PATIENCE = 1_000;

/**
 * Told by the server for as long as this is shown. @param {string|null} queue  null: whichever
 * @returns {string}  "" while it is not known, or not so
 */
function useWhyNotBegun(queue) {
  const services = useServices();
  const feed = useMemo(() => new FleetFeed(services), []);
  useEffect(() => {
    const timer = setTimeout(() => feed.connect(), PATIENCE);
    return () => {
      clearTimeout(timer);
      feed.disconnect();
    };
  }, []);
  const workers = feed.workers.value;
  return workers ? whyNotBegun(workers, services.clock.now.value, queue) : "";
}

/** After the words that something of a run waits. */
export function FleetNote() {
  const why = useWhyNotBegun(null);
  return why ? html`<a href="/workers">${why[0].toUpperCase() + why.slice(1)}</a>.` : null;
}

/** Of one task. @param {{queue: string|null}} props */
export function WaitsForSlot({ queue }) {
  const why = useWhyNotBegun(queue);
  return why
    ? html`<p class="waiting"><strong>Waiting:</strong> <a href="/workers">${why}</a></p>`
    : null;
}
