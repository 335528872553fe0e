import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { connect } from "../../static/js/client/client.js";
import { Refused, Unreachable, WrongServer } from "../../static/js/client/errors.js";

/** A client of a server that gives these answers, the last one again and again. */
async function asking(t, answers, { patience = 60_000 } = {}) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    const [status, body] = answers[Math.min(asked.length, answers.length) - 1];
    response.writeHead(status).end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close() && server.closeAllConnections());
  return { asked, client: connect(`http://127.0.0.1:${server.address().port}`, { patience }) };
}

const NO_RUN = JSON.stringify({ error: { code: "run_not_found", message: "There is no run r." } });

describe("a call of a program", () => {
  test("is made again while a proxy says that the server is away", async (t) => {
    const answers = [[502, "<html>"], [200, '{"parents": []}']];
    const { asked, client } = await asking(t, answers);
    assert.deepEqual(await client.parents(), []);
    assert.equal(asked.length, 2);
  });

  test("ends at once where something else answers", async (t) => {
    for (const answer of [[404, "<html>"], [200, "<html>"], [404, '{"error": "none"}']]) {
      const { asked, client } = await asking(t, [answer]);
      await assert.rejects(client.parents(), WrongServer);
      assert.equal(asked.length, 1);
    }
  });

  test("ends in the server's own words", async (t) => {
    const { asked, client } = await asking(t, [[404, NO_RUN]]);
    await assert.rejects(client.parents(), (error) => {
      assert.ok(error instanceof Refused);
      return error.code === "run_not_found";
    });
    assert.equal(asked.length, 1);
  });

  test("is not made to what is no address", () => {
    for (const address of ["nonsense", "ftp://one"])
      assert.throws(() => connect(address), /is no address of a server/);
  });

  test("says who did not answer, and why", async () => {
    const client = connect("http://127.0.0.1:9", { patience: 0 });
    await assert.rejects(client.parents(), (error) => {
      assert.ok(error instanceof Unreachable);
      return /127\.0\.0\.1:9 did not answer: (.*ECONNREFUSED|bad port)/.test(error.message);
    });
  });
});
