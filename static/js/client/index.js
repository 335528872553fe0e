/**
 * Start, watch and stop runs from another program, in Node or on a page.
 *
 *     import { connect } from "./static/js/client/index.js";
 *
 *     const client = connect("http://127.0.0.1:8000");
 *     const run = await client.start("tasks.examples.counting.count_twice", { limit: 3 });
 *     for await (const { path, record } of run) console.log(path, record.state);
 *     console.log(await run.value());
 *     client.close();
 *
 * The dashboard stands on the same parts: connection.js keeps the connection, run-follower.js
 * follows a run without a gap, api.js makes the calls. It needs socket.io-client, nothing else.
 */

export { Client, connect } from "./client.js";
export { Refused, RunFailed, RunGone, Unreachable, WrongServer } from "./errors.js";
export { Run } from "./run.js";
