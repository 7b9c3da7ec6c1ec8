// The last evaluation: how good the lists are for people never seen, by how much is known of them, and whether chances
// come true. Started here, and watched until it is done.

import { ask, at } from "../api.js";
import { calibration, curves, legend } from "../charts.js";
import { el, fill } from "../dom.js";
import { said } from "../said.js";
import { moment, number, percent, t } from "../words.js";
import { into, table, trouble } from "./shared.js";

const PERIOD = 1000; // milliseconds between two looks
const BINS = 10;
const SYSTEMS = [["fewrec", "ours", "curve_hits"], ["popularity", "other", "curve_popular"]]; // name, kind of line, words
const UNDER_WAY = ["waiting", "running"];

/** The card's contents: the last result, what is under way, and a button. */
export function evaluation() {
  const box = el("div");
  const load = async () => {
    const runs = await ask("GET", "/v1/evaluations");
    const done = runs.find((run) => run.status === "done");
    const result = done && (await ask("GET", at`/v1/evaluations/${done.id}`));
    const state = el("div", { class: "state" });
    const again = () => into(box, load);
    const [last] = runs;
    if (last && UNDER_WAY.includes(last.status)) queueMicrotask(() => follow(state, last.id, again));
    else fill(state, last?.status === "failed" && failed(last), last?.status === "erased" && el("p", { class: "note" }, t("eval_erased")), el("button", { type: "button", onclick: () => start(state, again) }, t(runs.length ? "eval_again" : "eval_start")));
    return [result ? drawn(result) : el("p", { class: "small" }, t("eval_none")), state];
  };
  into(box, load);
  return box;
}

const failed = (run) => el("div", { class: "trouble", role: "alert" }, el("p", { class: "what" }, t("eval_failed")), el("p", { class: "small" }, said(run.reason ?? "")));

async function start(state, again) {
  try {
    const { id } = await ask("POST", "/v1/evaluations", { body: {} });
    await follow(state, id, again);
  } catch (error) {
    fill(state, trouble(error, () => start(state, again)));
  }
}

/** Shows how far an evaluation is, until it is over or the box is gone. */
async function follow(state, id, again) {
  const line = el("progress", { "aria-label": t("eval_runs") });
  fill(state, el("div", { class: "fitting" }, el("p", {}, t("eval_runs")), line, el("p", { class: "small" }, t("eval_waits"))));
  try {
    while (state.isConnected) {
      const run = await ask("GET", at`/v1/evaluations/${id}`);
      if (!UNDER_WAY.includes(run.status)) return again();
      if (run.progress?.total) [line.max, line.value] = [run.progress.total, run.progress.done];
      await new Promise((wake) => setTimeout(wake, PERIOD));
    }
  } catch (error) {
    fill(state, trouble(error, again));
  }
}

function drawn(run) {
  const { settings, cells, notes } = run.result;
  const metric = `ndcg@${settings.n}`;
  const lines = SYSTEMS.map(([system, kind, words]) => ({
    kind,
    words: t(words),
    points: cells.filter((cell) => cell.system === system && cell.metric === metric && cell.mean !== null).map((cell) => ({ at: cell.k_shot, mean: cell.mean, error: 2 * (cell.se_users ?? 0) })),
  })).filter((line) => line.points.length);
  return [
    el("p", { class: "small" }, t("eval_lead", { when: moment(run.finished), n: settings.lists, training: settings.training_users })),
    el("div", { class: "halves even" }, el("div", {}, el("h3", {}, t("eval_curve")), curve(lines, settings.n)), el("div", {}, el("h3", {}, t("calibration")), truth(run.result.calibration))),
    notes.length > 0 && el("ul", { class: "plain notes" }, notes.map((note) => el("li", { class: "small" }, said(note)))),
  ];
}

const numbers = (caption, heads, rows) => el("details", {}, el("summary", {}, t("as_table"), el("span", { class: "unseen" }, ` ${caption}`)), table(caption, heads, rows));

function curve(lines, n) {
  const shots = [...new Set(lines.flatMap((line) => line.points.map((point) => point.at)))].sort((a, b) => a - b);
  const cell = (line, shot) => {
    const point = line.points.find((one) => one.at === shot);
    return point ? `${number(point.mean, 3)} ± ${number(point.error, 3)}` : "";
  };
  return el(
    "figure",
    {},
    el("figcaption", { class: "small" }, t("eval_curve_lead", { n })),
    legend(lines.map((line) => [line.kind, line.words])),
    curves(t("eval_curve"), t("eval_known"), lines),
    numbers(t("eval_curve"), [t("eval_known"), ...lines.map((line) => line.words)], shots.map((shot) => [number(shot), ...lines.map((line) => cell(line, shot))])),
  );
}

/** Of the number known nearest to three, the bins of all splits, joined to a few. */
function pooled(found) {
  const ours = found.filter((row) => row.system === "fewrec");
  if (!ours.length) return null;
  const shot = ours.map((row) => row.k_shot).sort((a, b) => Math.abs(a - 3) - Math.abs(b - 3))[0];
  const bins = ours.filter((row) => row.k_shot === shot).flatMap((row) => row.bins).sort((a, b) => a[0] - b[0]);
  const each = Math.ceil(bins.length / BINS);
  const joined = [];
  for (let start = 0; start < bins.length; start += each) {
    const part = bins.slice(start, start + each);
    const count = part.reduce((sum, bin) => sum + bin[2], 0);
    joined.push([...[0, 1].map((place) => part.reduce((sum, bin) => sum + bin[place] * bin[2], 0) / count), count]);
  }
  return { shot, bins: joined };
}

function truth(found) {
  const shown = pooled(found);
  if (!shown) return el("p", { class: "small" }, t("calibration_none"));
  const rows = shown.bins.map(([told, came, count]) => [percent(told), percent(came), number(count)]);
  return el(
    "figure",
    {},
    el("figcaption", { class: "small" }, t("calibration_lead", { n: shown.shot })),
    calibration(t("calibration"), t("calibration_said"), shown.bins),
    numbers(t("calibration"), [t("calibration_said"), t("calibration_came"), t("calibration_count")], rows),
  );
}
