/**
 * A Socket.IO connection that is kept: made again whenever it is gone, also after the server closed
 * it on purpose, which socket.io-client takes for the end.
 *
 * It draws nothing and knows no document: pages and programs in Node use the same.
 */

/** @typedef {import("socket.io-client").Socket} Socket */

/** Milliseconds (ms) until a question counts as unanswered. */
const TIME_OUT = 10_000;

/** Milliseconds (ms) after which a connection that the server closed is opened again. */
const REOPEN_AFTER = 2_000;

/**
 * Milliseconds (ms) without a word after which a connection is taken for dead: the server pings
 * every 25 s, and gives up who doesn't answer within 20 s.
 */
const MOST_SILENT = 50_000;

/** What socket.io-client is given; waits are ms. */
export const SOCKET_OPTIONS = Object.freeze({
  autoConnect: false,
  reconnectionDelay: 500,
  reconnectionDelayMax: 5_000,
  timeout: 8_000,
});

/**
 * What a connection tells.
 * @typedef {object} Listener
 * @property {() => void} [up]  it stands, and the server hears what happens; ask with what is known
 * @property {() => void} [down]  nothing new can come: it is gone and is being made anew, or `deaf`
 * @property {(error: Error) => void} [failed]  an attempt has failed; another follows
 * @property {(error: RefusedConnection) => void} [refused]  the server said no; asked again later
 * @property {() => void} [closed]  it was hung up on purpose
 */

/** An error of socket.io-client; `data` is what our server added: `{error: {code, message}}`. */
/** @typedef {Error & {data?: {error?: import("../model/types.js").Problem}}} RefusedConnection */

export class Connection {
  /** @param {Socket} socket  made with SOCKET_OPTIONS */
  constructor(socket) {
    this.socket = socket;
    /** @type {Set<Listener>} */
    this.listeners = new Set();
    /** How many follow each run through this connection. @type {Map<string, number>} */
    this.followers = new Map();
    /** The socket may stand, but the server has lost its own source of news. */
    this.deaf = false;
    /** When the server was heard last, by the clock on the wall, which goes on while we sleep. */
    this.heardAt = 0;
    this.onPing = () => (this.heardAt = Date.now());
    this.onConnect = this.onConnect.bind(this);
    this.onRelay = this.onRelay.bind(this);
    this.onDisconnect = this.onDisconnect.bind(this);
    this.onError = this.onError.bind(this);
  }

  get isUp() {
    return this.socket.connected && !this.deaf;
  }

  connect() {
    this.socket.on("connect", this.onConnect);
    this.socket.on("relay", this.onRelay);
    this.socket.onAny(this.onPing);
    this.socket.io.on("ping", this.onPing);
    this.socket.on("disconnect", this.onDisconnect);
    this.socket.on("connect_error", this.onError);
    this.socket.connect();
  }

  disconnect() {
    this.socket.off("connect", this.onConnect);
    this.socket.off("relay", this.onRelay);
    this.socket.offAny(this.onPing);
    this.socket.io.off("ping", this.onPing);
    this.socket.off("disconnect", this.onDisconnect);
    this.socket.off("connect_error", this.onError);
    this.socket.disconnect();
    clearTimeout(this.reopening);
  }

  /** Try at once instead of at the next turn. */
  hurry() {
    this.socket.disconnect().connect();
  }

  /**
   * To be called now and then while the connection is taken for good. Where the machine slept, the
   * timer that waits for the server's pings did too, and a network that has forgotten us says
   * nothing: the page would show what is long past for most of a minute.
   */
  check() {
    if (this.socket.connected && Date.now() - this.heardAt > MOST_SILENT) this.hurry();
  }

  /**
   * Ask something and wait for the acknowledgement. No answer in time reads as `store_unavailable`,
   * which every caller has to be ready for anyway.
   * @param {string} event @param {object} payload @returns {Promise<any>}
   */
  async ask(event, payload) {
    try {
      return await this.socket.timeout(TIME_OUT).emitWithAck(event, payload);
    } catch {
      return {
        error: { code: "store_unavailable", message: "The server did not answer in time." },
      };
    }
  }

  /** Somebody follows this run. @param {string} runId */
  hold(runId) {
    this.followers.set(runId, (this.followers.get(runId) ?? 0) + 1);
  }

  /** After the last follower the server need not tell any more. @param {string} runId */
  release(runId) {
    const left = (this.followers.get(runId) ?? 1) - 1;
    if (left) this.followers.set(runId, left);
    else {
      this.followers.delete(runId);
      if (this.socket.connected) this.socket.emit("unwatch", { run_id: runId });
    }
  }

  /** @param {(listener: Listener) => void} say */
  tell(say) {
    for (const listener of [...this.listeners]) say(listener);
  }

  /** The server may have said that it is deaf before it said that we are welcome. */
  onConnect() {
    this.onPing();
    this.tell((listener) => (this.deaf ? listener.down?.() : listener.up?.()));
  }

  /**
   * The server tells whether news reaches it. To be told that it does again is as good as a new
   * connection: everybody asks with what they know.
   * @param {{hears: boolean}} news
   */
  onRelay({ hears }) {
    if (this.deaf === !hears) return;
    this.deaf = !hears;
    if (this.socket.connected) this.onConnect();
  }

  /** @param {string} reason */
  onDisconnect(reason) {
    this.deaf = false;
    this.tell((listener) => listener.down?.());
    if (reason === "io server disconnect") this.reopenLater();
  }

  /** @param {RefusedConnection} error */
  onError(error) {
    if (this.socket.active) return this.tell((listener) => listener.failed?.(error));
    this.tell((listener) => listener.refused?.(error));
    this.reopenLater();
  }

  reopenLater() {
    clearTimeout(this.reopening);
    this.reopening = setTimeout(() => this.socket.connect(), REOPEN_AFTER);
  }
}
