// Health: what the data are like, which model answers, and how it came to be.

import { ask, at } from "../api.js";
import { bar, el, fill } from "../dom.js";
import { said } from "../said.js";
import { moment, number, percent, t } from "../words.js";
import { curve, reach } from "./curve.js";
import { evaluation } from "./evaluation.js";
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
    el("div", { class: "halves even" }, el("div", {}, answering(report, again), measures(report), versions(report.models, again)), el("div", {}, data(report.data))),
    // Below both columns: its drawings are as long as all the rest, and stand side by side there.
    counts.interactions > 0 && el("div", { class: "below" }, card(t("evaluation"), evaluation())),
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

/** How good the lists were, and how far they reach: measured apart, since it takes a while in a large shop. */
function measures(report) {
  if (!report.model) return null;
  const box = el("div");
  into(box, async () => {
    const found = await ask("GET", "/v1/measures");
    return [el("h3", {}, t("how_good")), curve(found), el("h3", {}, t("coverage")), reach(found)];
  });
  return card(t("lists"), box);
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

/** The checks of the data, and what they mean. */
function data(told) {
  if (!told) return card(t("data"), el("p", { class: "small" }, t("no_data_report")));
  const { health } = told;
  const share = (value) => (value > 0 && value < 0.01 ? t("under_one") : percent(value, value < 0.1 ? 1 : 0));
  const checks = [
    ["check_density", share(health.density)],
    ["check_liked", share(health.liked)],
    ["check_cold", share(health.cold_items)],
    ["check_silent", share(health.silent_items)],
    ["check_new_users", share(health.new_users)],
    ["check_learners", number(health.learners)],
    ["check_top", share(health.top_tenth)],
    ["check_repeated", number(health.repeated_events)],
    ["check_contradictions", number(health.contradictions)],
    ["check_twins", number(health.twin_users)],
    ["check_duplicates", number(health.near_duplicate_items)],
    ["check_features", number(health.features)],
  ].map(([name, value]) => [t(name), value]);
  for (const [view, coverage] of Object.entries(health.text_coverage)) checks.splice(4, 0, [t("check_text", { view }), share(coverage)]);
  const most = Math.max(...health.histogram.map(([, count]) => count), 1);
  const sentences = (lines) => el("ul", { class: "plain" }, lines.map((line) => el("li", {}, said(line))));
  return [
    card(
      t("data"),
      health.meaning.length > 0 && sentences(health.meaning),
      el("h3", {}, t("checks")),
      el("dl", { class: "checks" }, checks.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
      el("p", { class: "small" }, said(told.feedback)),
      health.span && el("p", { class: "small" }, t("from_to", { from: moment(health.span[0]), to: moment(health.span[1]) })),
      told.reading.moved + told.reading.beside > 0 && el("p", { class: "small" }, said(told.reading.rule)),
      told.unused_events > 0 && el("p", { class: "note" }, t("unused_events", { n: told.unused_events })),
      health.histogram.length > 0 && [el("h3", {}, t("values")), el("ul", { class: "histogram" }, health.histogram.map(([name, count]) => el("li", {}, el("span", {}, name), bar(count / most), el("span", {}, number(count)))))],
      health.warnings.length > 0 && [el("h3", {}, t("noticed")), sentences(health.warnings)],
    ),
    card(t("columns_used"), el("p", { class: "small" }, t("columns_lead")), el("details", {}, el("summary", {}, t("show_columns", { n: told.roles.length })), table(t("columns_used"), [t("table"), t("column"), t("used_as")], told.roles.map((entry) => [t(`table_${entry.table}`), entry.column, el("span", {}, roleWords(entry.role), el("span", { class: "small block" }, said(entry.how)))])))),
  ];
}

export default { show };
