// Two drawings: lines with bands over what is known, and what was said against what came true. Beside each stands a
// table with the same numbers, for whoever cannot see it, or wants them exactly.

import { el } from "./dom.js";
import { number, percent } from "./words.js";

const SPACE = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [340, 210];
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 12, 12, 40]; // room around what is drawn, for words

function shape(tag, attributes, ...children) {
  const node = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, typeof value === "number" ? value.toFixed(1) : value);
  node.append(...children);
  return node;
}

/** 0 and a few round numbers above it, the last at or beyond ``most``. */
function ticks(most) {
  const rough = Math.max(most, 1e-3) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 2.5, 5, 10].find((one) => one * unit >= rough);
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, place) => place * step);
}

const across = (share) => LEFT + share * (WIDTH - LEFT - RIGHT);
const up = (share) => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);

/** A drawing with its axes. ``xs``: [share of the width, words]. ``ys``: [share of the height, words]. */
function frame(label, below, xs, ys, ...marks) {
  return shape(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img", "aria-label": label },
    ...ys.flatMap(([share, words]) => [
      shape("line", { class: "grid", x1: across(0), x2: across(1), y1: up(share), y2: up(share) }),
      shape("text", { x: LEFT - 6, y: up(share) + 4, "text-anchor": "end" }, words),
    ]),
    ...xs.map(([share, words]) => shape("text", { x: across(share), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, words)),
    shape("text", { x: across(0.5), y: HEIGHT - 6, "text-anchor": "middle" }, below),
    ...marks,
  );
}

const path = (points) => `M${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}`;

/** Lines over what is known, each with a band. ``lines``: [{kind, points: [{at, mean, error}]}], error twice a standard error. */
export function curves(label, below, lines) {
  const points = lines.flatMap((line) => line.points);
  const marks = ticks(Math.max(...points.map((point) => point.mean + point.error)));
  const most = marks.at(-1);
  const places = [...new Set(points.map((point) => point.at))].sort((a, b) => a - b);
  const [first, last] = [Math.sqrt(places[0]), Math.sqrt(places.at(-1))];
  const x = (at) => across(last > first ? (Math.sqrt(at) - first) / (last - first) : 0.5); // roots: 0, 1, 3, 5, 10 would crowd on the left
  const y = (value) => up(Math.min(1, Math.max(0, value / most)));
  return frame(
    label,
    below,
    places.map((at) => [(x(at) - LEFT) / (WIDTH - LEFT - RIGHT), number(at)]),
    marks.map((mark) => [mark / most, number(mark)]),
    ...lines.map((line) => shape("path", { class: `band ${line.kind}`, d: `${path([...line.points.map((point) => [x(point.at), y(point.mean + point.error)]), ...line.points.toReversed().map((point) => [x(point.at), y(point.mean - point.error)])])}Z` })),
    ...lines.flatMap((line) => [
      shape("path", { class: `curve-line ${line.kind}`, d: path(line.points.map((point) => [x(point.at), y(point.mean)])) }),
      ...line.points.map((point) => shape("circle", { class: `dot ${line.kind}`, cx: x(point.at), cy: y(point.mean), r: 3.5 })),
    ]),
  );
}

/** What was said against the share that came true; on the dotted line both agree. ``bins``: [said, true, how many]. */
export function calibration(label, below, bins) {
  const marks = ticks(Math.max(...bins.flatMap(([said, came]) => [said, came])));
  const most = marks.at(-1);
  const at = ([said, came]) => [across(said / most), up(came / most)];
  const words = marks.map((mark) => [mark / most, percent(mark)]);
  const largest = Math.max(...bins.map(([, , count]) => count));
  return frame(
    label,
    below,
    words,
    words,
    shape("path", { class: "diagonal", d: path([at([0, 0]), at([most, most])]) }),
    shape("path", { class: "curve-line ours", d: path(bins.map(at)) }),
    ...bins.map((bin) => {
      const error = 2 * Math.sqrt((bin[1] * (1 - bin[1])) / bin[2]);
      const [x] = at(bin);
      const ends = [-error, error].map((way) => up(Math.min(1, Math.max(0, (bin[1] + way) / most))));
      return shape("line", { class: "whisker", x1: x, x2: x, y1: ends[0], y2: ends[1] });
    }),
    ...bins.map((bin) => shape("circle", { class: "dot ours", cx: at(bin)[0], cy: at(bin)[1], r: 2.5 + 2.5 * Math.sqrt(bin[2] / largest) })),
  );
}

/** What the colours mean. ``entries``: [kind, words]. */
export const legend = (entries) => el("ul", { class: "legend" }, entries.map(([kind, words]) => el("li", {}, el("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), words)));
