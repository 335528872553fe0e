/**
 * How far the dashboard's estimate is off at half-time. Reads runs of one parent as JSON from
 * standard input, in the order they went: `[{"started": ms, "ended": ms, "points": [[at, %]]}]`.
 * Prints for each the error of the estimate and of even pace alone, as parts of the time that was
 * left; null where nothing is shown.
 */

import { readFileSync } from "node:fs";
import { tenthOf, timeLeft } from "../static/js/model/estimate.js";

const runs = JSON.parse(readFileSync(0, "utf-8"));

/** What the store keeps of a run that has ended. */
function endOf({ started, ended, points }) {
  const tenths = [10, 20, 30, 40, 50, 60, 70, 80, 90];
  const reached = (tenth) => (points.find(([, percent]) => percent >= tenth) ?? [ended])[0];
  const marks = tenths.map((tenth) => reached(tenth) - started);
  return { run_id: "", state: "SUCCESS", ended_at: ended, duration: ended - started, marks };
}

/** What a page knows of it at half-time. */
function halfWay({ started, ended, points }) {
  const elapsed = (ended - started) / 2;
  const seen = points.filter(([at]) => at <= started + elapsed);
  const completion = seen.at(-1)?.[1] ?? 0;
  const since = seen.find(([, percent]) => percent === completion)?.[0] ?? started;
  const entered = seen.find(([, percent]) => tenthOf(percent) === tenthOf(completion))?.[1];
  return { elapsed, moved: since - started, completion, entered };
}

const errors = runs.map((run, i) => {
  const known = runs.slice(Math.max(0, i - 20), i).map(endOf);
  const now = halfWay(run);
  const off = (left) => (left === null ? null : Math.abs(left - now.elapsed) / now.elapsed);
  const even = now.completion ? (now.moved * 100) / now.completion - now.elapsed : null;
  return { ours: off(timeLeft(now, known)), even: off(even) };
});
console.log(JSON.stringify(errors));
