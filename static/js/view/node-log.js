/** What a task printed and logged, newest at the end, followed live where the server can. */

import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { LogFeed } from "../live/log-feed.js";
import { formatClock, formatCount, plural } from "../model/format.js";
import { lineTone, linesWith, logName, logText } from "../model/log.js";
import { ProblemNote } from "./blank.js";
import { Icon } from "./icons.js";
import { saveText } from "./save-text.js";
import { useServices } from "./services.js";

/** Distance (px) from the end within which the view sticks to it. */
const STICKS_WITHIN = 24;

/** @param {{runId: string, path: string, ended: boolean}} props */
export function NodeLog({ runId, path, ended }) {
  const services = useServices();
  const feed = useMemo(() => new LogFeed(runId, path, services), [runId, path]);
  useEffect(() => {
    feed.connect();
    return () => feed.disconnect();
  }, [feed]);
  useEffect(() => {
    // Without live following the last lines are read when the task has ended.
    if (ended && !feed.following.peek() && feed.lines.peek() !== null) void feed.read();
  }, [feed, ended]);
  const [wanted, setWanted] = useState("");
  return html`<section class="block log">
    <header class="block-head"><h3>Output</h3><${LogState} feed=${feed} ended=${ended} /></header>
    ${feed.lines.value?.length ? html`<${LogTools} runId=${runId} path=${path}
      setWanted=${setWanted} />` : null}
    <${Found} feed=${feed} wanted=${wanted} />
    <${LogLines} feed=${feed} ended=${ended} wanted=${wanted} />
  </section>`;
}

/** @param {{runId: string, path: string, setWanted: (words: string) => void}} props */
function LogTools({ runId, path, setWanted }) {
  const { api } = useServices();
  const [problem, setProblem] = useState("");
  const onInput = (/** @type {{currentTarget: HTMLInputElement}} */ event) =>
    setWanted(event.currentTarget.value);
  const download = () =>
    api.log(runId, path).then(
      (log) => saveText(logName(runId, path, log.attempt), logText(log)),
      (error) => setProblem(error.message),
    );
  return html`<div class="log-tools">
      <label class="searchbox"><span class="sr-only">Search the output</span>
        <${Icon} shape="search" />
        <input type="search" placeholder="Only lines with…" onInput=${onInput} /></label>
      <button type="button" class="button small" onClick=${download}>Download</button>
    </div>
    <${ProblemNote} text=${problem} />`;
}

/** How many lines have the words. @param {{feed: LogFeed, wanted: string}} props */
function Found({ feed, wanted }) {
  const lines = feed.lines.value ?? [];
  if (!wanted.trim() || !lines.length) return null;
  const found = linesWith(lines, wanted).length;
  return html`<p class="muted small tabular">
    ${formatCount(found)} of ${plural(lines.length, "line")}</p>`;
}

/** @param {{feed: LogFeed, ended: boolean}} props */
function LogState({ feed, ended }) {
  if (ended) return null;
  if (feed.following.value) return html`<span class="muted small">following</span>`;
  return html`<button type="button" class="link small"
    onClick=${() => feed.read()}>Read again</button>`;
}

/** @param {{feed: LogFeed, ended: boolean, wanted: string}} props */
function LogLines({ feed, ended, wanted }) {
  const lines = feed.lines.value;
  const view = useStickyEnd(lines);
  if (feed.problem.value) return html`<p class="muted small block-empty">${feed.problem.value}</p>`;
  if (lines === null) return html`<p class="muted small block-empty">Reading…</p>`;
  if (!lines.length)
    return html`<p class="muted small block-empty">
      ${ended ? "It printed nothing." : "Nothing printed yet."}</p>`;
  const found = linesWith(lines, wanted);
  return html`<div class="block-text log-lines" tabindex="0" role="group" aria-label="Output"
    ref=${view}>
    ${feed.dropped.value ? html`<div class="log-line muted">
      … ${plural(feed.dropped.value, "older line")} no longer kept</div>` : null}
    ${found.map(
      (line) => html`<div class=${`log-line log-${lineTone(line)}`}
        data-at=${line.at === null ? "" : formatClock(line.at)}>${line.text}</div>`,
    )}
    ${found.length ? null : html`<div class="log-line muted">No line has these words.</div>`}
  </div>`;
}

/** Keeps the end in view unless somebody scrolled away from it. @param {unknown} lines */
function useStickyEnd(lines) {
  const view = useRef(/** @type {HTMLElement|null} */ (null));
  const sticks = useRef(true);
  useLayoutEffect(() => {
    const element = view.current;
    if (!element) return undefined;
    if (sticks.current) element.scrollTop = element.scrollHeight;
    const look = () => {
      sticks.current =
        element.scrollHeight - element.scrollTop - element.clientHeight < STICKS_WITHIN;
    };
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  }, [lines]);
  return view;
}
