// How good the lists were for past users, by how much was known of them.

import { bar, el } from "../dom.js";
import { number, percent, t } from "../words.js";

const LENGTH = 10; // suggestions in a measured list, and what a full bar stands for

/** Likes among ten suggestions beside those among ten bestsellers, a pair of bars for each amount known. */
export function curve(found) {
  if (!found.curve.length) return el("p", { class: "small" }, t("not_measured"));
  const pair = (name, value, kind) => [el("span", { class: "small" }, t(name)), bar(value / LENGTH, kind), el("span", { class: "count" }, number(value, 1))];
  return el(
    "div",
    { class: "curve" },
    el("p", { class: "small" }, t("curve_lead", { version: found.model, users: found.users })),
    el("ul", {}, found.curve.map((row) => el("li", {}, el("strong", {}, t("curve_known", { n: row.known })), el("div", {}, pair("curve_hits", row.hits, "")), el("div", {}, pair("curve_popular", row.bestsellers, "unlikely"))))),
  );
}

/** How much of the catalogue is listed for anybody. */
export function reach(found) {
  if (!found.reach) return el("p", { class: "small" }, t("reach_none"));
  return el("p", { class: "small" }, t("reach", { n: found.reach.users, items: found.reach.items, share: percent(found.reach.share) }));
}
