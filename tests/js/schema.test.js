import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { argumentsOf, draftOf, withoutRow, withRow } from "../../static/js/model/draft.js";
import { assignProblems } from "../../static/js/model/field-problems.js";
import { keepable, restored } from "../../static/js/model/kept-draft.js";
import { fieldsOf } from "../../static/js/model/schema.js";

/** The one field of a schema with one property `x`. */
const field = (property, required = []) => fieldsOf({ properties: { x: property }, required })[0];

/** What `x` becomes when this was typed. */
const read = (property, typed, required) => argumentsOf([field(property, required)], { x: typed });

const listOfSecrets = { type: "array", items: { type: "string", format: "password" } };

describe("kinds of fields", () => {
  const cases = [
    ["text", { type: "string" }, "string"],
    ["a whole number", { type: "integer" }, "integer"],
    ["yes or no", { type: "boolean" }, "boolean"],
    ["a choice", { enum: ["a", 1] }, "enum"],
    ["a list of scalars", { type: "array", items: { type: "number" } }, "list"],
    ["an object", { type: "object", properties: { a: { type: "string" } } }, "object"],
    ["a list of objects", { type: "array", items: { type: "object", properties: {} } }, "records"],
    ["a list of mappings: JSON", { type: "array", items: { type: "object" } }, "json"],
    ["a secret", { type: "string", writeOnly: true }, "secret"],
    ["a password", { type: "string", format: "password" }, "secret"],
    ["a date", { type: "string", format: "date" }, "date"],
    ["a moment", { type: "string", format: "date-time" }, "datetime"],
    ["a list of secrets: JSON", listOfSecrets, "json"],
    ["a mapping: JSON", { type: "object", additionalProperties: true }, "json"],
    ["anything: JSON", {}, "json"],
    ["two types at once: JSON", { type: ["integer", "string"] }, "json"],
  ];
  for (const [name, property, kind] of cases)
    test(name, () => assert.equal(field(property).kind, kind));

  test("null beside one type makes it nullable", () => {
    for (const property of [
      { type: ["integer", "null"] },
      { anyOf: [{ type: "integer" }, { type: "null" }] },
    ]) {
      assert.deepEqual([field(property).kind, field(property).nullable], ["integer", true]);
    }
  });

  test("references into $defs are followed", () => {
    const schema = {
      properties: { x: { $ref: "#/$defs/Colour" } },
      $defs: { Colour: { enum: ["red"] } },
    };
    assert.deepEqual(fieldsOf(schema)[0].choices, ["red"]);
  });

  test("objects are drawn within objects, down to a depth", () => {
    const nested = (/** @type {number} */ depth) =>
      depth ? { type: "object", properties: { in: nested(depth - 1) } } : { type: "integer" };
    const kinds = [];
    for (let one = field(nested(6)); one; one = one.fields[0]) kinds.push(one.kind);
    assert.deepEqual(kinds, ["object", "object", "object", "object", "json"]);
    assert.equal(field(nested(2)).fields[0].fields[0].path, "x.in.in");
  });

  test("a title made from the name is not repeated", () => {
    assert.equal(field({ title: "X" }).title, "");
    assert.equal(field({ title: "Shop to report on" }).title, "Shop to report on");
  });

  test("limits are said in words", () => {
    assert.equal(
      field({ type: "integer", minimum: 1, exclusiveMaximum: 9 }).hint,
      "whole number, at least 1, less than 9",
    );
  });
});

describe("what was typed", () => {
  test("numbers become numbers", () => {
    assert.deepEqual(read({ type: "integer" }, " 12 ").kwargs, { x: 12 });
    assert.deepEqual(read({ type: "number" }, "1e-3").kwargs, { x: 0.001 });
  });

  test("what is no number is said so, beside its field", () => {
    for (const [type, typed] of [
      ["integer", "abc"],
      ["integer", "1.5"],
      ["number", "1,5"],
    ]) {
      const { kwargs, problems } = read({ type }, typed);
      assert.deepEqual(kwargs, {});
      assert.equal(problems[0].path, "x");
    }
  });

  test("a limit is the server's business", () => {
    assert.deepEqual(read({ type: "integer", minimum: 1 }, "-5"), {
      kwargs: { x: -5 },
      problems: [],
    });
  });

  test("text stays text, digits too", () =>
    assert.deepEqual(read({ type: "string" }, "12").kwargs, { x: "12" }));

  test("an empty field is left out, so that the function's default holds", () => {
    assert.deepEqual(read({ type: "integer", default: 3 }, "").kwargs, {});
  });

  test("an empty nullable field is null", () => {
    assert.deepEqual(read({ type: ["integer", "null"], default: 3 }, "").kwargs, { x: null });
  });

  test("an empty required number is a problem", () => {
    assert.match(read({ type: "integer" }, "", ["x"]).problems[0].message, /required/);
  });

  test("a list has one value a line", () => {
    const list = { type: "array", items: { type: "integer" } };
    assert.deepEqual(read(list, "1\n\n 2 \n").kwargs, { x: [1, 2] });
    assert.match(read(list, "1\nx").problems[0].message, /^Line 2/);
  });

  test("a choice keeps its type", () => {
    const property = { enum: [1, "1", null] };
    assert.deepEqual(read(property, '"1"').kwargs, { x: "1" });
    assert.deepEqual(read(property, "1").kwargs, { x: 1 });
  });

  test("JSON is parsed, and what is none is said so", () => {
    assert.deepEqual(read({}, '{"a": [1]}').kwargs, { x: { a: [1] } });
    assert.match(read({}, "{").problems[0].message, /not JSON/);
  });

  test("an optional object nobody filled in is left out whole", () => {
    const mail = {
      type: "object",
      properties: { to: { type: "string" }, copies: { type: "integer", default: 1 } },
      required: ["to"],
    };
    const fields = [field(mail)];
    assert.deepEqual(argumentsOf(fields, draftOf(fields)), { kwargs: {}, problems: [] });
    assert.deepEqual(argumentsOf(fields, { "x.to": "a@b", "x.copies": "2" }).kwargs, {
      x: { to: "a@b", copies: 2 },
    });
  });
});

test("a draft made of defaults gives back the defaults", () => {
  const fields = fieldsOf({
    properties: {
      a: { type: "integer", default: 10 },
      b: { type: "boolean", default: true },
      c: { default: { k: [1] } },
      d: { enum: ["u", "v"], default: "v" },
    },
  });
  assert.deepEqual(argumentsOf(fields, draftOf(fields)).kwargs, {
    a: 10,
    b: true,
    c: { k: [1] },
    d: "v",
  });
});

test("an earlier run's arguments go before the defaults", () => {
  const fields = fieldsOf({ properties: { a: { type: "integer", default: 10 } } });
  assert.deepEqual(draftOf(fields, { a: 7 }), { a: "7" });
});

describe("the server's problems", () => {
  const fields = fieldsOf({
    properties: {
      limit: { type: "integer" },
      mail: { type: "object", properties: { to: { type: "string" } } },
      list: {},
    },
  });

  test("find their field however the path is written", () => {
    for (const path of ["limit", "/limit", "$.limit", "kwargs.limit"]) {
      assert.deepEqual(assignProblems(fields, [{ path, message: "too small" }]).byField, {
        limit: "too small",
      });
    }
    assert.deepEqual(assignProblems(fields, [{ path: "/mail/to", message: "bad" }]).byField, {
      "mail.to": "bad",
    });
  });

  test("inside a field go to that field", () => {
    assert.deepEqual(assignProblems(fields, [{ path: "list[3].a", message: "bad" }]).byField, {
      list: "bad",
    });
  });

  test("of no field are kept with their path", () => {
    assert.deepEqual(assignProblems(fields, [{ path: "other", message: "unknown" }]).others, [
      "other: unknown",
    ]);
  });

  test("what the schema says nobody is to read is secret, and nothing else", () => {
    assert.equal(field({ type: "string", format: "password", writeOnly: true }).secret, true);
    assert.equal(field({ anyOf: [{ type: "string", writeOnly: true }, { type: "null" }] }).secret, true);
    assert.equal(field({ type: "string" }).secret, false);
  });
});

describe("a list of objects", () => {
  const properties = { to: { type: "string" }, copies: { type: "integer", default: 1 } };
  const mails = field({ type: "array", items: { type: "object", properties, required: ["to"] } });

  test("grows and shrinks, and the others move up", () => {
    let draft = draftOf([mails], { x: [{ to: "a" }, { to: "b", copies: 2 }, { to: "c" }] });
    assert.equal(draft["x.1.copies"], "2");
    draft = withoutRow(mails, draft, 0);
    assert.deepEqual(argumentsOf([mails], draft).kwargs, {
      x: [
        { to: "b", copies: 2 },
        { to: "c", copies: 1 },
      ],
    });
    draft = withRow(mails, draft);
    assert.equal(draft["x.2.copies"], "1");
    assert.equal(argumentsOf([mails], draft).kwargs.x.length, 3);
  });

  test("what is wrong in it is said beside that field of that object", () => {
    const draft = { ...withRow(mails, withRow(mails, draftOf([mails]))), "x.1.copies": "many" };
    assert.equal(argumentsOf([mails], draft).problems[0].path, "x.1.copies");
    const { byField } = assignProblems([mails], [{ path: "/x/1/to", message: "too long" }]);
    assert.deepEqual(byField, { "x.1.to": "too long" });
  });

  test("nobody filled in is an empty list", () => {
    assert.deepEqual(argumentsOf([mails], draftOf([mails])).kwargs, { x: [] });
  });
});

describe("secrets and times", () => {
  test("a secret is not offered again", () => {
    const key = field({ type: "string", writeOnly: true, default: "x" });
    assert.deepEqual(draftOf([key], { x: "hunter2" }), { x: "" });
    assert.deepEqual(argumentsOf([key], { x: "hunter2" }).kwargs, { x: "hunter2" });
  });

  test("a moment is typed by the clock here and sent so that it means the same everywhere", () => {
    const at = field({ type: "string", format: "date-time" });
    const typed = draftOf([at], { x: "2026-11-22T10:30:00Z" });
    assert.match(String(typed.x), /^2026-11-2\dT\d\d:\d\d:00$/);
    assert.deepEqual(argumentsOf([at], typed).kwargs, { x: "2026-11-22T10:30:00.000Z" });
  });
});

describe("what is kept of a form", () => {
  const names = ["password", "token"];
  const kept = (property, typed) => keepable([field(property)], { x: typed }, names);

  test("is what was typed, but no secret", () => {
    assert.deepEqual(kept({ type: "string" }, "a password"), { x: "a password" });
    assert.deepEqual(kept({ type: "boolean" }, true), { x: true });
    assert.deepEqual(kept({ type: "string", writeOnly: true }, "hunter2"), {});
    for (const secrets of [listOfSecrets, { additionalProperties: { writeOnly: true } }])
      assert.deepEqual(kept(secrets, '["hunter2"]'), {});
  });

  test("holds no field that has the name of a secret, however deep", () => {
    const login = { user: { type: "string" }, dbPassword: { type: "string" } };
    const drawn = field({ type: "object", properties: login });
    const typed = { "x.user": "ada", "x.dbPassword": "hunter2" };
    assert.deepEqual(keepable([drawn], typed, names), { "x.user": "ada" });
    const list = field({ type: "array", items: { type: "object", properties: login } });
    const rows = { x: "2", "x.0.user": "ada", "x.1.user": "bob", "x.1.dbPassword": "hunter2" };
    const { "x.1.dbPassword": _, ...rest } = rows;
    assert.deepEqual(keepable([list], rows, names), rest);
  });

  test("holds no JSON in which a key may name a secret, also half typed", () => {
    for (const text of ['{"api-token": 1}', '{"dbPassword": "hunt', "{password", '[{"TOKEN": 2}]'])
      assert.deepEqual(kept({}, text), {}, text);
    assert.deepEqual(kept({}, '{"tokens": 3, "passwords": 4}'), { x: '{"tokens": 3, "passwords": 4}' });
  });

  test("stands where it stood, as far as the form still has such fields", () => {
    const first = { a: "1", b: false, "lines": "0" };
    const left = { a: "2", b: "was a text", lines: "1", "lines.0.to": "x" };
    assert.deepEqual(restored(first, left), { a: "2", b: false, lines: "1", "lines.0.to": "x" });
    assert.deepEqual(restored(first), first);
  });
});
