/**
 * `<inception-progress run="…" token="…">`: one run's progress on a page of your own.
 *
 *     <script type="module" src="https://runs.example/static/js/inception-progress.js"></script>
 *     <inception-progress run="6f1c…" token="inc_…"></inception-progress>
 *
 * One file, no dependency. It opens a websocket to the server that it was loaded from (or to the
 * one that the attribute `server` names), shows its token and watches the one run that it opens.
 * `docs/dashboard.md` lists attributes, parts, custom properties and events.
 */

/**
 * As much of a run's record as is shown.
 * @typedef {object} Run
 * @property {string} id
 * @property {string} name
 * @property {string|null} label
 * @property {string} state
 * @property {number} seq
 * @property {{completion: number, total: number|null, iteration: number, message: string,
 *   error: string|null}} meta
 */
/** @typedef {"connecting"|"live"|"lost"|"refused"|"gone"|"ended"} Connection */

const FINAL = new Set(["SUCCESS", "FAILURE", "REVOKED", "LOST"]);

/** A sign and a word: no colour stands alone. @type {Readonly<Record<string, [string, string]>>} */
const STATES = {
  PENDING: ["○", "Waiting"],
  STARTED: ["◑", "Running"],
  PROGRESS: ["◑", "Running"],
  RETRY: ["↻", "Trying again"],
  REVOKING: ["◌", "Stopping"],
  SUCCESS: ["✓", "Done"],
  FAILURE: ["✕", "Failed"],
  REVOKED: ["⊘", "Stopped"],
  LOST: ["?", "Lost"],
};

/** @type {Readonly<Record<Connection, string>>} */
const CONNECTIONS = {
  connecting: "Connecting…",
  live: "",
  lost: "Connection lost; this may have moved on. Trying again…",
  refused: "This progress may not be shown any more.",
  gone: "This run does not exist any more.",
  ended: "",
};
const NEVER_CONNECTED = "No connection yet. Trying again…";

const STYLE = `
  :host { display: block; color: var(--inception-text, inherit);
    font: var(--inception-font, inherit); }
  :host([hidden]) { display: none; }
  .line { display: flex; gap: .75em; align-items: baseline; justify-content: space-between; }
  .label { font-weight: 600; overflow-wrap: anywhere; }
  .state { white-space: nowrap; color: color-mix(in srgb, var(--colour) 60%, currentColor); }
  .bar { height: var(--inception-height, .5rem); margin: .4em 0; overflow: hidden;
    border-radius: var(--inception-radius, 99px);
    background: var(--inception-track, color-mix(in srgb, currentColor 14%, transparent)); }
  .fill { height: 100%; background: var(--colour); transform-origin: left; transform: scaleX(0);
    border-radius: inherit; transition: transform .2s linear; }
  .unknown .fill { transform: scaleX(.3); animation: sway 1.6s ease-in-out infinite alternate; }
  .message, .error, .connection { margin: 0; font-size: .875em; overflow-wrap: anywhere; }
  .message, .connection { color: var(--inception-muted, color-mix(in srgb, currentColor 72%,
    transparent)); }
  .error { white-space: pre-wrap; color: color-mix(in srgb,
    var(--inception-failure, light-dark(#bf2b35, #ff7d80)) 60%, currentColor); }
  .message:empty, .error:empty, .connection:empty { display: none; }
  :host { --colour: var(--inception-bar, light-dark(#1f63cf, #6ea8ff)); }
  :host([state="PENDING"]) { --colour: var(--inception-pending, light-dark(#5d6777, #98a2b1)); }
  :host([state="SUCCESS"]) { --colour: var(--inception-success, light-dark(#1a7446, #53c68b)); }
  :host([state="FAILURE"]), :host([state="LOST"]) {
    --colour: var(--inception-failure, light-dark(#bf2b35, #ff7d80)); }
  :host([state="REVOKED"]), :host([state="REVOKING"]) {
    --colour: var(--inception-revoked, light-dark(#6a5492, #b7a1e6)); }
  :host(:is([connection="refused"], [connection="gone"]):not([state])) .bar { display: none; }
  :host(:is([connection="lost"], [connection="refused"], [connection="gone"])) .bar {
    opacity: .5; }
  :host(:is([connection="lost"], [connection="refused"], [connection="gone"])) .fill {
    animation: none; }
  @keyframes sway { to { transform: translateX(70%) scaleX(.3); } }
  @media (prefers-reduced-motion: reduce) {
    .fill { animation: none !important; transition: none; } }
`;

/** Seconds (s) before the connection is tried again: 1, 2, 4 … 15. @param {number} tries */
export const pause = (tries) => Math.min(15, 2 ** Math.max(0, tries - 1));

/** Refusals that another try may mend. */
const ASK_AGAIN = new Set(["store_unavailable", "too_many_requests", "internal_error"]);

/**
 * One packet of Socket.IO in one frame of Engine.IO, as text; an empty `type` is none of ours.
 * @param {string} frame
 * @returns {{type: string, id: number|null, body: unknown}}
 */
export function readPacket(frame) {
  const found = /^(0|2|40|41|42|43|44)(\d*)(.*)$/s.exec(frame);
  if (!found) return { type: "", id: null, body: null };
  const [, type, id, text] = found;
  return { type, id: id ? Number(id) : null, body: text ? JSON.parse(text) : null };
}

/** The part of Socket.IO that watching one run takes, over a websocket, without a gap. */
class Line {
  /**
   * @param {URL} server @param {string} token @param {string} runId
   * @param {{run: (run: Run) => void, is: (connection: Connection) => void}} hears
   */
  constructor(server, token, runId, hears) {
    this.address = new URL("/socket.io/?EIO=4&transport=websocket", server);
    this.address.protocol = server.protocol === "https:" ? "wss:" : "ws:";
    this.token = token;
    this.runId = runId;
    this.hears = hears;
    /** What we know: sent along when asking, so that the server can go on from there. */
    this.position = /** @type {{epoch: string, seq: number}|null} */ (null);
    this.question = 0;
    /** Up to where batches came while a question was open; null: none is. @type {number|null} */
    this.heard = null;
    this.tries = 0;
    this.quiet = 60_000;
    this.again = this.again.bind(this);
  }

  open() {
    this.socket = new WebSocket(this.address);
    this.socket.onmessage = (message) => this.take(String(message.data));
    this.socket.onclose = () => this.onClose();
    // A policy of the page that forbids the connection is told so alone: no close follows.
    this.socket.onerror = () => this.onClose();
    addEventListener("online", this.again);
    this.listen();
  }

  /** For good: nothing is heard of this line any more. */
  close() {
    this.drop();
    clearTimeout(this.timer);
    removeEventListener("online", this.again);
  }

  drop() {
    clearTimeout(this.silence);
    if (!this.socket) return;
    this.socket.onclose = this.socket.onerror = this.socket.onmessage = null;
    this.socket.close();
    this.socket = undefined;
  }

  /** A server that says nothing for longer than its pings allow is not there. */
  listen() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.onClose(), this.quiet);
  }

  onClose() {
    this.drop();
    this.hears.is("lost");
    this.wait();
  }

  wait() {
    clearTimeout(this.timer);
    this.tries += 1;
    this.timer = setTimeout(this.again, pause(this.tries) * 1000 * (0.8 + 0.4 * Math.random()));
  }

  again() {
    clearTimeout(this.timer);
    if (this.socket) this.watch();
    else this.open();
  }

  /** @param {Connection} connection  why nothing will come any more */
  end(connection) {
    this.close();
    this.hears.is(connection);
  }

  /** @param {string} frame */
  take(frame) {
    this.listen();
    const { type, id, body } = readPacket(frame);
    if (type === "0") this.greet(/** @type {{pingInterval: number, pingTimeout: number}} */ (body));
    else if (type === "2") this.socket?.send("3");
    else if (type === "40") this.watch();
    else if (type === "41") this.onClose();
    else if (type === "43" && id === this.question) this.onAnswer(/** @type {any} */ (body)[0]);
    else if (type === "44") this.onRefusal(/** @type {any} */ (body)?.data?.error?.code);
    else if (type === "42") this.onEvent(...(/** @type {[string, any]} */ (body)));
  }

  /** @param {{pingInterval: number, pingTimeout: number}} pings  in ms */
  greet({ pingInterval, pingTimeout }) {
    this.quiet = pingInterval + pingTimeout;
    this.socket?.send(`40${JSON.stringify({ token: this.token })}`);
  }

  watch() {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const asked = { run_id: this.runId, nodes: false, ...this.position };
    this.question += 1;
    this.heard = 0;
    this.socket.send(`42${this.question}${JSON.stringify(["watch", asked])}`);
  }

  /** @param {{snapshot?: any, batch?: any, error?: {code: string}}} answer */
  onAnswer({ snapshot, batch, error }) {
    if (error) {
      this.onRefusal(error.code);
      return;
    }
    const overtook = this.heard ?? 0;
    this.heard = null;
    this.tries = 0;
    this.hears.is("live");
    if (snapshot) this.onSnapshot(snapshot);
    else this.onBatch(batch);
    if (this.socket && this.position && overtook > this.position.seq) this.watch();
  }

  /** @param {string} [code] */
  onRefusal(code) {
    if (code === "run_not_found") this.end("gone");
    else if (code && ASK_AGAIN.has(code)) this.wait();
    else this.end("refused");
  }

  /** @param {string} event @param {any} payload */
  onEvent(event, payload) {
    if (event === "events") this.onBatch(payload);
    else if (event === "snapshot") this.onSnapshot(payload);
    else if (event === "gone") this.end("gone");
    else if (event === "relay") this.onRelay(payload);
  }

  /** The server says whether anything new reaches itself. @param {{hears: boolean}} news */
  onRelay({ hears }) {
    if (hears) this.watch();
    else this.hears.is("lost");
  }

  /** @param {{epoch: string, seq: number, run: Run}} snapshot */
  onSnapshot({ epoch, seq, run }) {
    this.position = { epoch, seq };
    this.hears.run(run);
  }

  /** @param {{epoch: string, from: number, to: number, events: {run?: Run}[]}} batch */
  onBatch({ epoch, from, to, events }) {
    if (this.heard !== null) {
      this.heard = Math.max(this.heard, to);
      return;
    }
    if (!this.position) return;
    if (epoch !== this.position.epoch || from > this.position.seq) {
      this.watch();
      return;
    }
    if (to <= this.position.seq) return;
    this.position = { epoch, seq: to };
    for (const { run } of events.slice(-1)) if (run) this.hears.run(run);
  }
}

/** Node has no elements: there the module is only read, by its tests. */
const Base = globalThis.HTMLElement ?? /** @type {typeof HTMLElement} */ (class {});

export class InceptionProgress extends Base {
  static observedAttributes = ["run", "token", "server", "label"];

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.parts = draw(root);
    /** What is watched, as text. */
    this.watched = "";
    /** @type {Line|undefined} */
    this.line = undefined;
    /** The newest record of the run. @type {Run|null} */
    this.shown = null;
    this.renew = this.renew.bind(this);
  }

  connectedCallback() {
    this.renew();
  }

  disconnectedCallback() {
    this.line?.close();
    this.line = undefined;
  }

  /** @param {string} name @param {string|null} old @param {string|null} value */
  attributeChangedCallback(name, old, value) {
    if (old === value || !this.isConnected) return;
    if (name === "label") this.paint();
    else queueMicrotask(this.renew); // once, where several are set together
  }

  /** Watch what the attributes name now. */
  renew() {
    const [run, token] = [this.getAttribute("run"), this.getAttribute("token")];
    const server = new URL(this.getAttribute("server") ?? "/", import.meta.url);
    const wanted = JSON.stringify([run, token, server]);
    if (!this.isConnected || (this.line && wanted === this.watched)) return;
    this.watched = wanted;
    this.line?.close();
    if (this.shown?.id !== run) this.shown = null;
    this.paint();
    this.is("connecting");
    if (!run || !token) return;
    this.line = new Line(server, token, run, {
      run: (record) => this.take(record),
      is: (connection) => this.is(connection),
    });
    this.line.open();
  }

  /** @param {Run} run */
  take(run) {
    const before = this.shown?.state;
    this.shown = run;
    this.paint();
    this.tell("inception-change");
    if (FINAL.has(run.state) && before !== run.state) this.tell("inception-end");
    if (run.state === "SUCCESS") this.line?.end("ended"); // nothing can follow that
  }

  /** @param {Connection} connection */
  is(connection) {
    if (this.getAttribute("connection") === connection) return;
    this.setAttribute("connection", connection);
    const never = connection === "lost" && !this.shown;
    this.parts.connection.textContent = never ? NEVER_CONNECTED : CONNECTIONS[connection];
    if (connection === "refused" || connection === "gone") this.tell("inception-refused");
  }

  /** @param {string} type  of the event; its detail is what is shown */
  tell(type) {
    const detail = { run: this.shown, connection: this.getAttribute("connection") };
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  paint() {
    const run = this.shown;
    const { label, state, bar, fill, message, error } = this.parts;
    const [sign, word] = STATES[run?.state ?? ""] ?? ["", run?.state ?? ""];
    const name = this.getAttribute("label") ?? run?.label ?? run?.name.split(".").at(-1) ?? "";
    say(label, name);
    say(state, `${sign} ${word}`.trim());
    if (run) this.setAttribute("state", run.state);
    else this.removeAttribute("state");
    bar.setAttribute("aria-label", name || "Progress");
    paintBar(bar, fill, run);
    const wrong = run ? tellingError(run) : "";
    say(message, wrong ? "" : (run?.meta.message ?? ""));
    say(error, wrong);
  }
}

/**
 * What went wrong, for people who know nothing of tasks: without their names before each cause, and
 * not the state over again.
 * @param {Pick<Run, "state"|"meta">} run
 */
export function tellingError({ state, meta }) {
  const error = FINAL.has(state) ? (meta.error ?? "") : "";
  return error.toUpperCase() === state ? "" : error.replace(/^(Error in [\w.]+: )+(?=.)/, "");
}

/**
 * How far it is, in percent; null while nobody knows.
 * @param {Run|null} run
 * @returns {number|null}
 */
export function knownCompletion(run) {
  if (!run) return null;
  if (run.state === "SUCCESS") return 100;
  const known = run.meta.completion > 0 || run.meta.total !== null || run.state === "PENDING";
  return known || FINAL.has(run.state) ? run.meta.completion : null;
}

/** @param {HTMLElement} bar @param {HTMLElement} fill @param {Run|null} run */
function paintBar(bar, fill, run) {
  const known = knownCompletion(run);
  bar.classList.toggle("unknown", Boolean(run) && known === null);
  fill.style.transform = known === null ? "" : `scaleX(${known / 100})`;
  if (known === null) bar.removeAttribute("aria-valuenow");
  else bar.setAttribute("aria-valuenow", String(Math.floor(known)));
}

/**
 * Text that stays is not written again: a screen reader would say it twice.
 * @param {HTMLElement} part @param {string} text
 */
function say(part, text) {
  if (part.textContent !== text) part.textContent = text;
}

/** @param {ShadowRoot} root */
function draw(root) {
  const line = root.appendChild(document.createElement("div"));
  line.className = "line";
  const label = piece(line, "label", "span");
  const state = piece(line, "state", "span", { role: "status" });
  const bar = piece(root, "bar", "div", {
    role: "progressbar",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
  });
  const fill = piece(bar, "fill", "div");
  const message = piece(root, "message", "p");
  const error = piece(root, "error", "p");
  const connection = piece(root, "connection", "p", { role: "status" });
  return { label, state, bar, fill, message, error, connection };
}

/**
 * @param {globalThis.Node} under
 * @param {string} name  its class, and its part for styling from outside
 * @param {string} tag @param {Record<string, string>} [attributes]
 */
function piece(under, name, tag, attributes = {}) {
  const element = document.createElement(tag);
  element.className = name;
  element.setAttribute("part", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  under.appendChild(element);
  return element;
}

if (globalThis.customElements && !customElements.get("inception-progress"))
  customElements.define("inception-progress", InceptionProgress);
