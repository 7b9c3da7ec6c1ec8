// Users and items: look one up, and see what the service knows of it and would answer.

import { answer, ask, at, Failure, gone } from "../api.js";
import * as catalogue from "../catalogue.js";
import { el, fill, later } from "../dom.js";
import { chance, rowOf, summary } from "../list.js";
import { said } from "../said.js";
import { moment, number, t } from "../words.js";
import { cell, head, into, table, trouble } from "./shared.js";

const SHOWN = 30; // rows of a search, and of a history at a time
let kind = "item"; // what is searched

function show(main, [noun, id]) {
  if (noun === "user" || noun === "item") kind = noun;
  const page = el("div", { class: "found" });
  fill(main, head(t("look_title"), t("look_lead")), chooser(), page);
  if (!id) return browse(page);
  fill(page);
  into(page, () => (noun === "user" ? user(id) : item(id)));
}

function chooser() {
  const link = (noun) => el("a", { href: `#/look/${noun}`, class: "tab", "aria-current": noun === kind ? "true" : null }, t(`look_${noun}s`));
  return el("nav", { class: "tabs", "aria-label": t("look_title") }, link("item"), link("user"));
}

const linked = (noun, id, title, sub) => el("li", {}, el("a", { href: `#/look/${noun}/${encodeURIComponent(id)}` }, el("strong", {}, title), sub && el("span", { class: "sub" }, sub)));

async function browse(page) {
  const results = el("ul", { class: "hits wide", "aria-busy": "true" });
  const size = el("span", { class: "small" });
  const field = el("input", { type: "search", id: "lookup", autocomplete: "off", spellcheck: "false", placeholder: t(`lookup_${kind}`) });
  const sought = kind;
  const go = (event) => {
    event.preventDefault();
    if (field.value.trim()) location.hash = `#/look/${sought}/${encodeURIComponent(field.value.trim())}`;
  };
  fill(page, el("form", { class: "field", role: "search", onsubmit: go }, el("label", { for: "lookup" }, t(`look_${kind}s`), " ", size), el("div", { class: "line" }, field, el("button", { class: "main" }, t("open_id")))), results);
  let searching = null;
  const list = async (find) => {
    searching?.abort();
    const mine = (searching = new AbortController());
    try {
      const found = await find(field.value, mine.signal);
      fill(results, found.map((one) => linked(sought, one.id, one.title, one.sub)), !found.length && el("li", { class: "small" }, t(field.value ? "no_hits" : "nobody_here")));
    } catch (error) {
      if (!gone(error)) fill(results, el("li", {}, trouble(error, () => list(find))));
    }
  };
  try {
    const find = await (kind === "user" ? usersOf(size) : itemsOf(size));
    field.addEventListener("input", later(150, () => list(find)));
    await list(find);
  } catch (error) {
    results.replaceWith(trouble(error, () => browse(page)));
  }
  results.setAttribute("aria-busy", "false");
}

async function itemsOf(size) {
  await catalogue.load();
  size.textContent = t("items", { n: catalogue.size() });
  return (text, signal) => catalogue.search(text, SHOWN, signal);
}

async function usersOf(size) {
  const page = await answer("GET", "/v1/users", { query: { limit: 1000 } });
  size.textContent = t(page.next ? "users_so_far" : "users", { n: page.data.length });
  const told = page.data.map((row) => ({ id: row.id, title: row.id, sub: Object.values(row.columns).map(cell).filter((text) => text && text.length < 40).slice(0, 4).join(" · ") }));
  return (text) => told.filter((one) => `${one.title} ${one.sub}`.toLowerCase().includes(text.trim().toLowerCase())).slice(0, SHOWN);
}

const card = (title, ...children) => el("section", { class: "card", "aria-label": title }, el("h3", {}, title), children);
const none = () => el("p", { class: "small" }, t("nothing_known"));

function columns(row) {
  const known = Object.entries(row.columns).filter(([, value]) => cell(value) !== "");
  if (!known.length) return none();
  return el("dl", { class: "cells" }, known.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, cell(value)))));
}

/** A list of the service as a card of its own, which waits and fails for itself. */
function listing(title, load) {
  const body = el("div");
  const box = card(title, body);
  into(body, async () => {
    let list;
    try {
      list = await load();
    } catch (error) {
      if (error instanceof Failure && error.code === "not_fitted") return el("p", { class: "small" }, t("no_model"));
      throw error;
    }
    const rows = list.recommendations;
    await catalogue.want(rows.map((row) => row.item));
    return [summary(list), el("ol", { class: "rows" }, rows.map((row) => rowOf(row, { about: catalogue.about(row.item) })))];
  });
  return box;
}

async function item(id) {
  const row = await ask("GET", at`/v1/items/${id}`);
  const about = await catalogue.known(row);
  const people = el("div");
  into(people, () => audience(id));
  return [
    el("h2", {}, about.title, " ", el("code", { class: "id" }, id)),
    el(
      "div",
      { class: "halves even" },
      el("div", {}, card(t("what_is_known"), columns(row)), card(t("audience"), people)),
      listing(t("similar"), () => ask("GET", at`/v1/items/${id}/similar`, { query: { n: 10, explain: true } })),
    ),
  ];
}

async function audience(id) {
  let found;
  try {
    found = await ask("GET", at`/v1/items/${id}/audience`, { query: { n: 10 } });
  } catch (error) {
    if (error instanceof Failure && error.code === "not_fitted") return el("p", { class: "small" }, t("no_model"));
    throw error;
  }
  if (!found.audience.length) return none();
  return [el("p", { class: "small" }, said(found.sure)), el("ol", { class: "people" }, found.audience.map((row) => el("li", {}, el("a", { href: `#/look/user/${encodeURIComponent(row.user)}` }, row.user), chance(row.probability))))];
}

async function user(id) {
  const row = await ask("GET", at`/v1/users/${id}`);
  const history = el("div");
  into(history, () => met(id, history));
  return [
    el("h2", {}, el("code", { class: "id" }, id)),
    el(
      "div",
      { class: "halves even" },
      el("div", {}, card(t("history"), history), card(t("what_is_known"), columns(row))),
      listing(t("their_list"), () => ask("GET", at`/v1/users/${id}/recommendations`, { query: { n: 10, explain: true } })),
    ),
  ];
}

/** What a user did: the first events, and a button for those that came after. */
async function met(id, box) {
  const rows = [];
  const draw = async (cursor) => {
    const page = await answer("GET", "/v1/interactions", { query: { user: id, limit: SHOWN, cursor } });
    await catalogue.want(page.data.map((event) => event.item));
    rows.push(...page.data.map(did));
    if (!rows.length) return none();
    return [table(t("history"), [t("item"), t("event"), t("when")], rows), page.next && el("button", { type: "button", onclick: () => into(box, () => draw(page.next)) }, t("more"))];
  };
  return draw();
}

function did(event) {
  const title = catalogue.about(event.item)?.title ?? event.item;
  const what = event.value === null || event.value === undefined ? event.event : `${event.event} ${number(event.value)}`;
  return [el("a", { href: `#/look/item/${encodeURIComponent(event.item)}` }, title), what, event.time > 0 ? moment(event.time) : t("not_told")];
}

export default { show };
