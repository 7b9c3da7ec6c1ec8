// Health: what the data are like, which model answers, and how it came to be.

import { ask, at } from "../api.js";
import { bar, el, fill } from "../dom.js";
import { said } from "../said.js";
import { moment, number, t } from "../words.js";
import { curve } from "./curve.js";
import { fit, follow } from "./fit.js";
import { head, into, roleWords, table, trouble } from "./shared.js";

function show(main) {
  const box = el("div", { class: "health" });
  fill(main, head(t("health_title"), t("health_lead")), box);
  into(box, async () => drawn(await ask("GET", "/v1/report"), () => show(main)));
}

const card = (title, ...children) => el("section", { class: "card", "aria-label": title }, el("h2", {}, title), children);
const figure = (value, words) => el("div", { class: "figure" }, el("strong", {}, value), el("span", {}, words));

function drawn(report, again) {
  const { counts } = report;
  return [
    el("div", { class: "figures" }, figure(number(counts.items), t("n_items")), figure(number(counts.users), t("n_users")), figure(number(counts.interactions), t("n_events"))),
    report.trouble && el("div", { class: "trouble", role: "alert" }, el("p", { class: "what" }, said(report.trouble.message)), report.trouble.hint && el("p", { class: "small" }, said(report.trouble.hint))),
    el("div", { class: "halves even" }, el("div", {}, answering(report, again), card(t("how_good"), curve(report)), versions(report.models, again)), el("div", {}, data(report.data))),
  ];
}

/** The model that answers, and a button that fits a new one. */
function answering(report, again) {
  const { model, seen } = report;
  const box = el("div");
  const begin = el("button", { type: "button", class: model ? "" : "main", onclick: () => fit(box, again) }, t(model ? "refit" : "prepare"));
  const open = report.models.find((one) => one.status === "waiting" || one.status === "fitting");
  if (open) queueMicrotask(() => follow(box, open.version, again).catch((error) => fill(box, trouble(error, again))));
  else fill(box, begin);
  if (!model) return card(t("model"), el("p", {}, t(report.counts.items ? "not_fitted" : "nothing_yet")), report.counts.items || open ? box : el("a", { class: "button main", href: "#/import" }, t("go_import")));
  return card(
    t("model"),
    el("p", {}, t("model_answers", { version: model.version, when: moment(model.finished ?? model.requested) })),
    el("p", { class: "small" }, t("model_rests", { items: model.counts.items, users: model.counts.users, n: model.counts.interactions })),
    model.data_seq < seen.data ? el("p", { class: "note" }, t("newer_rows")) : el("p", { class: "good" }, t("up_to_date")),
    box,
  );
}

function versions(models, again) {
  if (!models.length) return null;
  const status = (one) => (one.active ? el("strong", {}, t("answers")) : t(`status_${one.status}`));
  const activate = (one) => {
    const box = el("span");
    const go = async () => {
      try {
        await ask("POST", at`/v1/models/${one.version}/activate`);
        again();
      } catch (error) {
        fill(box, trouble(error));
      }
    };
    return fill(box, el("button", { type: "button", "aria-label": t("go_back_to", { n: one.version }), onclick: go }, t("activate")));
  };
  const rows = models.slice(0, 8).map((one) => [
    number(one.version),
    el("span", {}, status(one), one.reason && el("span", { class: "small block" }, said(one.reason))),
    moment(one.finished ?? one.started ?? one.requested),
    one.fit_seconds === undefined ? "" : t("seconds", { n: number(one.fit_seconds, 1) }),
    one.status === "ready" && !one.active ? activate(one) : "",
  ]);
  return card(t("versions"), table(t("versions"), [t("version"), t("status"), t("when"), t("took"), ""], rows));
}

/** The checks of the data, from the report's text: its lines are "name  value", bars, and sentences. */
function data(told) {
  if (!told) return card(t("data"), el("p", { class: "small" }, t("no_data_report")));
  const [first, ...blocks] = told.health.split(/\n\s*\n/);
  return [
    card(t("data"), first.split("\n").map((line) => el("p", { class: "small" }, said(line))), blocks.map(block), told.unused_events > 0 && el("p", { class: "note" }, t("unused_events", { n: told.unused_events }))),
    card(t("columns_used"), el("p", { class: "small" }, t("columns_lead")), el("details", {}, el("summary", {}, t("show_columns", { n: told.roles.length })), table(t("columns_used"), [t("table"), t("column"), t("used_as")], told.roles.map((entry) => [t(`table_${entry.table}`), entry.column, el("span", {}, roleWords(entry.role), el("span", { class: "small block" }, said(entry.how)))])))),
  ];
}

function block(text) {
  const lines = text.split("\n").filter((line) => line.trim());
  const pairs = lines.map((line) => line.match(/^(\S.*?)\s{2,}(\S.*)$/));
  if (pairs.every(Boolean)) return el("dl", { class: "checks" }, pairs.map(([, name, value]) => el("div", {}, el("dt", {}, said(name)), el("dd", {}, said(value)))));
  const [title, ...rest] = lines;
  const bars = rest.map((line) => line.match(/^\s*(\S.*?)\s+[█▉▊▋▌▍▎▏]*\s*([\d,]+)$/));
  if (rest.length && bars.every(Boolean)) {
    const counts = bars.map(([, , count]) => Number(count.replaceAll(",", "")));
    const most = Math.max(...counts, 1);
    return [el("h3", {}, said(title)), el("ul", { class: "histogram" }, bars.map(([, name], place) => el("li", {}, el("span", {}, name), bar(counts[place] / most), el("span", {}, number(counts[place])))))];
  }
  if (rest.length && rest.every((line) => line.startsWith("- "))) return [el("h3", {}, said(title)), el("ul", { class: "plain" }, rest.map((line) => el("li", {}, said(line.slice(2)))))];
  return el("pre", {}, text); // a form that this page does not know is shown as it came
}

export default { show };
