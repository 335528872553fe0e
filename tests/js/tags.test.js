import assert from "node:assert/strict";
import { test } from "node:test";
import { tagsIn } from "../../static/js/model/tags.js";

test("tags are the words between commas, each once", () =>
  assert.deepEqual(tagsIn(" nightly, eu west,, nightly ,"), ["nightly", "eu west"]));
