/** What a task printed and logged, as the server answers it and as lines of this page. Pure. */

/**
 * @typedef {object} LogLine
 * @property {number|null} at  ms of the server's clock
 * @property {string} stream  "stdout", "stderr" or "log"
 * @property {string|null} [level]
 * @property {string} text
 */

/**
 * @typedef {object} LogAnswer
 * @property {number} attempt  whose lines these are
 * @property {LogLine[]} lines
 * @property {string|null} next  ask after this for the lines that follow
 * @property {number} dropped  lines that are no longer kept
 */

/** Lines drawn at most: a browser lays out more than this only slowly. The oldest go first. */
export const MOST_LINES = 2_000;

/**
 * @param {readonly LogLine[]} shown @param {readonly LogLine[]} more
 * @returns {LogLine[]}
 */
export const appendLines = (shown, more) => [...shown, ...more].slice(-MOST_LINES);

/** Which colour a line has. @param {LogLine} line */
export function lineTone(line) {
  if (line.level === "ERROR" || line.level === "CRITICAL") return "error";
  return line.level === "WARNING" || line.stream === "stderr" ? "warning" : "plain";
}

/**
 * The lines with these words, whatever the case; all of them without words.
 * @param {readonly LogLine[]} lines @param {string} words
 */
export function linesWith(lines, words) {
  const wanted = words.trim().toLowerCase();
  return wanted ? lines.filter((line) => line.text.toLowerCase().includes(wanted)) : lines;
}

/**
 * The file to keep: each line with its time, if known, and where it came from.
 * @param {LogAnswer} log
 */
export function logText({ lines, dropped }) {
  const head = dropped ? [`(${dropped} older lines are no longer kept)`] : [];
  const body = lines.map(({ at, stream, level, text }) => {
    const time = at === null ? "" : new Date(at).toISOString();
    return [time, level ?? stream, text].filter(Boolean).join(" ");
  });
  return `${[...head, ...body].join("\n")}\n`;
}

/** @param {string} runId @param {string} path @param {number} attempt */
export const logName = (runId, path, attempt) =>
  `${runId.slice(0, 8)}-${path || "run"}-attempt-${attempt}.log`;
