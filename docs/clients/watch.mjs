/**
 * Watch, start and revoke runs from JavaScript, with the official socket.io-client.
 *
 *     npm install socket.io-client
 *     node watch.mjs start tasks.examples.counting.count_twice '{"limit": 3}'
 *     node watch.mjs watch RUN_ID
 *     node watch.mjs revoke RUN_ID "no longer needed"
 *
 * Prints a line for each change, until the run has ended. INCEPTION_URL is the server's address,
 * http://127.0.0.1:8000 unless set. The exit code is 0 if the run succeeded, 1 if it ended in
 * another way, 2 if the server refused.
 */
import { randomUUID } from "node:crypto";
import { argv, env, exit, stderr, stdout } from "node:process";

import { io } from "socket.io-client";

const FINAL = new Set(["SUCCESS", "FAILURE", "REVOKED", "LOST"]);
const TRY_AGAIN = new Set(["store_unavailable", "too_many_requests"]);
const FIRST_PAUSE = 1_000; // ms
const LONGEST_PAUSE = 15_000; // ms

const USAGE = `usage: node watch.mjs start NAME [KWARGS_AS_JSON]
       node watch.mjs watch RUN_ID
       node watch.mjs revoke RUN_ID [REASON]
`;

/**
 * One run as the server told it: its newest records, and how far that goes.
 *
 * `position` says how far: it is sent along with `watch`, so that the server can go on from
 * there, and each batch says what it follows on.
 */
export class RunView {
  position = {};
  run = null;
  nodes = new Map();
  #show;
  #early = [];

  constructor(show) {
    this.#show = show;
  }

  /** `watch` was sent: until it is answered, batches are kept for later. */
  expectAnswer() {
    this.#early = [];
  }

  /** Takes what `watch` was answered with. False if something is missing after it. */
  takeAnswer({ snapshot, batch }) {
    const early = this.#early ?? [];
    this.#early = null;
    if (snapshot) this.takeSnapshot(snapshot);
    else early.unshift(batch);
    return early.every((one) => this.takeBatch(one));
  }

  /** Forgets what was there: this is all of it. */
  takeSnapshot({ epoch, seq, nodes, run }) {
    this.position = { epoch, seq };
    this.nodes.clear();
    for (const node of nodes) this.#putNode(node);
    this.#putRun(run);
  }

  /** Applies a batch. False if it doesn't follow on what is here: send `watch` again. */
  takeBatch(batch) {
    if (this.#early !== null) {
      this.#early.push(batch);
      return true;
    }
    if (batch.epoch !== this.position.epoch) return false;
    if (batch.to <= this.position.seq) return true;
    if (batch.from > this.position.seq) return false;
    for (const event of batch.events) {
      if (event.seq <= this.position.seq) continue;
      if (event.run) this.#putRun(event.run);
      else this.#putNode(event.node);
    }
    this.position.seq = batch.to;
    return true;
  }

  #putRun(run) {
    this.run = run;
    this.#show("run", run);
  }

  #putNode(node) {
    this.nodes.set(node.path, node);
    this.#show(node.path, node);
  }
}

/**
 * Watches a run until it has ended, whatever happens to the connection.
 *
 * `first` is an event with its payload that is sent before: it starts the run, or revokes it.
 * Resolves with the final record; rejects with the server's error.
 */
export function follow(url, { runId = null, first = null, show }) {
  const view = new RunView(show);
  const socket = io(url, { transports: ["websocket"] });
  let pause = FIRST_PAUSE;
  let timer;

  const ended = new Promise((resolve, reject) => {
    /** Says what is wanted: at first, after each reconnection, when something is missing. */
    function ask() {
      if (first) {
        socket.emit(first.event, first.payload, answered(watchIt));
      } else {
        view.expectAnswer();
        socket.emit("watch", { run_id: runId, ...view.position }, answered(begin));
      }
    }

    /** Passes an answer on unless it is an error, which is worth another try or is the end. */
    function answered(take) {
      return (answer) => {
        if (!answer.error) take(answer);
        else if (TRY_AGAIN.has(answer.error.code)) askLater();
        else reject(answer.error);
      };
    }

    function watchIt({ run }) {
      first = null;
      runId = run.id;
      stdout.write(`${url}/runs/${runId}\n`);
      ask();
    }

    function begin(answer) {
      pause = FIRST_PAUSE;
      goOn(view.takeAnswer(answer));
    }

    function goOn(complete) {
      if (!complete) ask();
      else if (view.run && FINAL.has(view.run.state)) resolve(view.run);
    }

    function askLater() {
      // When the connection is gone by then, `connect` comes again, and asks.
      timer = setTimeout(() => socket.connected && ask(), pause);
      pause = Math.min(LONGEST_PAUSE, pause * 2);
    }

    socket.on("connect", ask);
    socket.on("connect_error", ({ message }) => stderr.write(`${url}: ${message}; trying again\n`));
    socket.on("events", (batch) => {
      if (batch.run_id === runId) goOn(view.takeBatch(batch));
    });
    socket.on("snapshot", (snapshot) => {
      if (snapshot.run.id !== runId) return;
      view.takeSnapshot(snapshot);
      goOn(true);
    });
    socket.on("gone", ({ run_id: id }) => {
      reject({ code: "gone", message: `The run ${id} was deleted.` });
    });
  });

  return ended.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

/** Prints where a node, or the run, is. */
function show(path, { state, meta }) {
  const percent = meta.completion.toFixed(2).padStart(6);
  const said = meta.error ?? meta.message;
  stdout.write(`${path.padEnd(8)} ${state.padEnd(8)} ${percent} %  ${said}`.trimEnd() + "\n");
}

/** What each command asks for. A key makes asking twice for want of an answer start one run. */
const COMMANDS = {
  start: (name, kwargs = "{}") => ({
    first: {
      event: "start",
      payload: { name, kwargs: JSON.parse(kwargs), idempotency_key: randomUUID() },
    },
  }),
  watch: (runId) => ({ runId }),
  revoke: (runId, reason) => ({
    runId,
    first: { event: "revoke", payload: { run_id: runId, ...(reason && { reason }) } },
  }),
};

async function main([command, ...words]) {
  if (!Object.hasOwn(COMMANDS, command ?? "") || words.length === 0) {
    stderr.write(USAGE);
    return 2;
  }
  const url = env.INCEPTION_URL ?? "http://127.0.0.1:8000";
  try {
    const run = await follow(url, { ...COMMANDS[command](...words), show });
    return run.state === "SUCCESS" ? 0 : 1;
  } catch (error) {
    stderr.write(`${error.code ?? error.name}: ${error.message}\n`);
    return 2;
  }
}

exit(await main(argv.slice(2)));
