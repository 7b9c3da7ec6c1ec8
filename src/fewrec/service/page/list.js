// A list of recommendations: one row an item, with how sure and why.

import { bar, el, fill } from "./dom.js";
import { said } from "./said.js";
import { number, percent, t } from "./words.js";

const LEVELS = [[0.8, "very_likely"], [0.6, "likely"], [0.45, "even"], [0.25, "perhaps"], [0, "unlikely"]];

/** How likely a like is, as a bar with words; nothing where the service does not say. */
export function chance(probability) {
  if (probability === null || probability === undefined) return null;
  const level = LEVELS.find(([from]) => Math.round(100 * probability) >= 100 * from)[1]; // as the share is shown
  return el("div", { class: "chance" }, bar(probability, level), el("span", { class: "level" }, t(level)), el("span", { class: "small" }, t("chance", { share: percent(probability) })));
}

/** The terms of a row's place, strongest first, each with a bar: they add up to its score. */
function reasons(row) {
  const told = row.reasons ?? [];
  const most = Math.max(...told.map((reason) => Math.abs(reason.contribution)), 1e-9);
  return el(
    "div",
    { class: "reasons" },
    el(
      "ul",
      {},
      told.map((reason) =>
        el(
          "li",
          { class: reason.contribution < 0 ? "against" : "for" },
          el("span", { class: "what" }, said(reason.what)),
          bar(Math.abs(reason.contribution) / most),
          el("span", { class: "amount" }, reason.contribution === 0 ? "" : t(reason.contribution < 0 ? "lowers" : "lifts", { by: number(Math.abs(reason.contribution)) })),
        ),
      ),
    ),
    el("p", { class: "small" }, t("sum", { score: number(row.score ?? 0) })),
    row.rating && el("p", { class: "small" }, t("rating", { mean: number(row.rating.mean, 1), low: number(row.rating.low, 1), high: number(row.rating.high, 1) })),
    row.served !== "hot" && el("p", { class: "small" }, t(`served_${row.served}`)),
  );
}

/**
 * One row. ``about``: what else is known of the item. ``acts``: buttons for it. ``moved``: places it went up since the
 * list before, "new" for one that was not in it.
 */
export function rowOf(row, { about, acts, moved, open = false, ontoggle } = {}) {
  const strongest = (row.reasons ?? []).slice(0, 2).filter((reason) => reason.kind !== "other");
  const summary = el("summary", {}, t("why_here"), el("span", { class: "unseen" }, ` ${row.title}`));
  return el(
    "li",
    { class: "row", "data-item": row.item },
    el("span", { class: "rank" }, number(row.rank)),
    el(
      "div",
      { class: "about" },
      el(
        "h3",
        {},
        el("a", { href: `#/look/item/${encodeURIComponent(row.item)}` }, row.title),
        moved === "new" && el("span", { class: "badge fresh" }, t("new_here")),
        moved > 0 && el("span", { class: "badge up" }, `↑ ${number(moved)}`, el("span", { class: "unseen" }, ` ${t("up", { n: moved })}`)),
        row.served !== "hot" && el("span", { class: "badge" }, t(`badge_${row.served}`)),
      ),
      about?.sub && el("p", { class: "sub" }, about.sub),
      chance(row.probability),
      strongest.length > 0 && el("p", { class: "because" }, strongest.map((reason, place) => [place ? t("and_also") : "", said(reason.what)]).flat()),
      row.reasons?.length > 0 && el("details", { open, ontoggle }, summary, reasons(row)),
    ),
    acts,
  );
}

/** What holds for the list as a whole: how sure, what it took the visitor for, what was left out. */
export function summary(list) {
  const left = Object.entries(list.dropped ?? {}).filter(([, count]) => count > 0);
  return el(
    "div",
    { class: "sure" },
    list.sure && el("p", {}, said(list.sure)),
    list.profile?.length > 0 && el("p", { class: "profile" }, el("span", { class: "small" }, t("profile")), list.profile.map((one) => el("span", { class: "tag" }, one))),
    list.warnings?.map((warning) => el("p", { class: "note" }, said(warning))),
    left.length > 0 && el("p", { class: "small" }, t("left_out"), " ", left.map(([name, count], place) => [place ? t("comma") : "", said(name), " ", number(count)]).flat()),
  );
}

/** Puts rows into an ordered list in place of those before; what stays glides to its new place. */
export function glide(ordered, rows) {
  const before = new Map([...ordered.children].map((row) => [row.dataset.item, row.getBoundingClientRect().top]));
  fill(ordered, rows);
  if (!before.size || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const row of ordered.children) {
    const from = before.get(row.dataset.item);
    const moved = from === undefined ? null : from - row.getBoundingClientRect().top;
    const frames = moved === null ? [{ opacity: 0 }, { opacity: 1 }] : [{ transform: `translateY(${moved}px)` }, { transform: "none" }];
    if (moved !== 0) row.animate(frames, { duration: 320, easing: "cubic-bezier(.2,.7,.2,1)" });
  }
}
