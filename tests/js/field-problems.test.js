import assert from "node:assert/strict";
import { test } from "node:test";
import { standing } from "../../static/js/model/field-problems.js";

const wrong = { limit: "too large", mail: "no such place" };
const found = { limit: "9", "mail.to": "x", name: "a" };

test("a problem stands as long as its field is as it was", () => {
  assert.deepEqual(standing(wrong, found, { ...found, name: "b" }), wrong);
  assert.deepEqual(standing(wrong, found, { ...found, limit: "8" }), { mail: wrong.mail });
  assert.deepEqual(standing(wrong, found, found), wrong);
});

test("a problem of a whole object goes with any field in it", () => {
  assert.deepEqual(standing(wrong, found, { ...found, "mail.to": "y" }), { limit: wrong.limit });
  assert.deepEqual(standing(wrong, found, { limit: "9", name: "a" }), { limit: wrong.limit });
});
