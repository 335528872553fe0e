/**
 * Watch, start and revoke runs from JavaScript, with the client in static/js/client.
 *
 *     npm install socket.io-client
 *     node docs/clients/watch.mjs start tasks.examples.counting.count_twice '{"limit": 3}'
 *     node docs/clients/watch.mjs watch RUN_ID
 *     node docs/clients/watch.mjs revoke RUN_ID "no longer needed"
 *
 * Prints a line for each change, until the run has ended. INCEPTION_URL is the server's address,
 * http://127.0.0.1:8000 unless set, INCEPTION_TOKEN the token where people sign in. The exit code
 * is 0 if the run succeeded, 1 if it ended in another way, 2 if the server refused.
 */
import { argv, env, exit, stderr, stdout } from "node:process";

import { connect } from "../../static/js/client/index.js";

const USAGE = `usage: node watch.mjs start NAME [KWARGS_AS_JSON]
       node watch.mjs watch RUN_ID
       node watch.mjs revoke RUN_ID [REASON]
`;

const COMMANDS = {
  async start(client, name, kwargs = "{}") {
    const run = await client.start(name, JSON.parse(kwargs));
    stdout.write(`${client.server}/runs/${run.id}\n`);
    return run;
  },

  async watch(client, runId) {
    return client.run(runId);
  },

  async revoke(client, runId, reason = "") {
    const run = client.run(runId);
    await run.revoke({ reason });
    return run;
  },
};

/** Prints where a node, or the run, is. */
function show({ path, record: { state, meta } }) {
  const percent = meta.completion.toFixed(2).padStart(6);
  const said = meta.error ?? meta.message;
  const line = `${(path || "run").padEnd(8)} ${state.padEnd(8)} ${percent} %  ${said}`;
  stdout.write(`${line.trimEnd()}\n`);
}

async function main([command, ...words]) {
  if (!Object.hasOwn(COMMANDS, command ?? "") || words.length === 0) {
    stderr.write(USAGE);
    return 2;
  }
  const url = env.INCEPTION_URL ?? "http://127.0.0.1:8000";
  let client;
  try {
    client = connect(url, { token: env.INCEPTION_TOKEN });
    const run = await COMMANDS[command](client, ...words);
    for await (const change of run) show(change);
    return run.record.state === "SUCCESS" ? 0 : 1;
  } catch (error) {
    stderr.write(`${error.message}\n`);
    return 2;
  } finally {
    client?.close();
  }
}

exit(await main(argv.slice(2)));
