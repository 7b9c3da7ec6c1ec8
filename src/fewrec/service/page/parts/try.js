// Try it: tell a little, and watch the list follow.

import { ask, Failure, gone } from "../api.js";
import * as catalogue from "../catalogue.js";
import { el, fill, icon, later, tell } from "../dom.js";
import { glide, rowOf, summary } from "../list.js";
import { said } from "../said.js";
import { t } from "../words.js";
import { head, thumbs, trouble } from "./shared.js";

// What the visitor has said, kept while the page is open. Nothing of it is kept by the service.
const told = { support: new Map(), taste: "", variety: 0, skipped: new Set() };
const HITS = 5; // items that a search shows
const open = new Set(); // items whose reasons are open
let places = null; // item -> rank in the list before
let last = null; // the list that is shown
let waiting = null; // what ends the request under way
let searching = null; // and what ends the search
let seen = {}; // the elements of the part, while it is shown

function show(main) {
  seen = {
    hits: el("ul", { class: "hits", id: "hits", onkeydown: between }),
    sought: "", // the text whose hits are shown
    chosen: el("div", { class: "chosen" }),
    question: el("div", { class: "question" }),
    list: el("div", { class: "list" }),
    rows: el("ol", { class: "rows" }),
    size: el("span", { class: "small" }),
  };
  seen.tellings = tellings();
  fill(main, head(t("try_title"), t("try_lead")), el("div", { class: "halves" }, seen.tellings, el("section", { class: "answers", "aria-labelledby": "list-title" }, el("h2", { id: "list-title" }, t("your_list")), seen.list)));
  places = null;
  chosen();
  listed(last);
  refresh();
  catalogue.load().then(() => (seen.size.textContent = t("items", { n: catalogue.size() })), quiet);
}

/** The list shows the same trouble, in words; what stands beside it can do without. */
function quiet(error) {
  if (!(error instanceof Failure)) throw error;
}

function tellings() {
  const sought = el("input", { type: "search", id: "sought", autocomplete: "off", spellcheck: "false", placeholder: t("search_hint"), oninput: () => soon(), onkeydown: (event) => down(event) });
  const soon = later(150, () => search(sought.value));
  const down = async (event) => {
    if (event.isComposing || !["ArrowDown", "Enter"].includes(event.key)) return;
    event.preventDefault();
    soon.stop();
    if (seen.sought !== sought.value) await search(sought.value);
    seen.hits.querySelector(".thumb")?.focus();
  };
  const taste = el("textarea", { id: "taste", rows: "2", maxlength: "2000", placeholder: t("taste_hint"), value: told.taste });
  const changed = later(500, refresh);
  taste.addEventListener("input", () => {
    told.taste = taste.value;
    changed();
  });
  const variety = el("select", { id: "variety", onchange: () => ((told.variety = Number(variety.value)), refresh()) }, [[0, "variety_none"], [0.3, "variety_some"], [0.7, "variety_much"]].map(([value, name]) => el("option", { value: String(value), selected: value === told.variety }, t(name))));
  return el(
    "section",
    { class: "tellings card", "aria-labelledby": "tell-title" },
    el("h2", { id: "tell-title" }, t("you_say")),
    el("div", { class: "field" }, el("label", { for: "sought" }, t("search_label"), " ", seen.size), sought, seen.hits),
    el("div", { class: "field" }, el("label", { for: "taste" }, t("taste_label")), taste),
    seen.question,
    seen.chosen,
    el("div", { class: "field line" }, el("label", { for: "variety" }, t("variety")), variety),
  );
}

async function search(text) {
  searching?.abort();
  const mine = (searching = new AbortController());
  seen.sought = "";
  if (!text.trim()) return fill(seen.hits);
  if (!seen.hits.hasChildNodes()) fill(seen.hits, el("li", { class: "small" }, t("waiting")));
  try {
    hits(await catalogue.search(text, HITS, mine.signal));
    seen.sought = text;
  } catch (error) {
    if (!gone(error)) fill(seen.hits, el("li", {}, trouble(error, () => search(text))));
  }
}

function hits(found) {
  fill(
    seen.hits,
    found.map((item) =>
      el(
        "li",
        { "data-item": item.id },
        el("div", {}, el("strong", {}, item.title), item.sub && el("span", { class: "sub" }, item.sub)),
        thumbs(item.title, told.support.get(item.id)?.value, (value) => (say(item.id, item.title, value), hits(found), focusOn(seen.hits, item.id))),
      ),
    ),
    !found.length && el("li", { class: "small" }, t("no_hits")),
  );
}

/** From hit to hit by the arrow keys, and back to the search above the first, or by Escape. */
function between(event) {
  const button = event.target.closest(".thumb");
  const step = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 0, ArrowLeft: 0, Escape: -Infinity }[event.key];
  if (!button || step === undefined) return;
  event.preventDefault();
  const rows = [...seen.hits.children];
  const place = rows.indexOf(button.closest("li")) + step;
  if (place < 0) return document.getElementById("sought").focus();
  const like = step ? button.matches(".like") : event.key === "ArrowLeft";
  rows[Math.min(place, rows.length - 1)].querySelector(like ? ".like" : ".dislike").focus();
}

/** Keeps the keyboard where it was after a click has drawn its place anew. */
function focusOn(list, id) {
  [...list.children].find((row) => row.dataset.item === id)?.querySelector("button")?.focus();
}

/** Notes an answer about an item: true, false, or null to take it back. */
function say(item, title, value) {
  if (value === null) told.support.delete(item);
  else told.support.set(item, { title, value });
  chosen();
  refresh();
}

function chosen() {
  const entries = [...told.support];
  const drop = (item, at) => {
    say(item, "", null);
    (seen.chosen.querySelectorAll(".taken")[Math.min(at, told.support.size - 1)] ?? document.getElementById("sought")).focus();
  };
  fill(
    seen.chosen,
    entries.length > 0 && el("h3", {}, t("you_said")),
    entries.length > 0 &&
      el(
        "ul",
        {},
        entries.map(([item, { title, value }], at) =>
          el("li", { class: value ? "liked" : "disliked" }, icon(value ? "like" : "dislike"), el("span", {}, el("span", { class: "unseen" }, `${t(value ? "liked" : "disliked")}: `), title), el("button", { type: "button", class: "quiet round taken", "aria-label": t("take_back", { title }), onclick: () => drop(item, at) }, icon("cross"))),
        ),
      ),
    el(
      "div",
      { class: "line" },
      !seen.question.hasChildNodes() && el("button", { type: "button", class: "main", id: "ask", onclick: question }, t("ask_me")),
      (entries.length > 0 || told.taste) && el("button", { type: "button", class: "quiet", onclick: again }, t("start_again")),
    ),
  );
}

function again() {
  told.support.clear();
  told.skipped.clear();
  Object.assign(told, { taste: "", variety: 0 });
  open.clear();
  show(document.getElementById("main"));
  document.getElementById("sought").focus();
}

const support = () => Object.fromEntries([...told.support].map(([item, { value }]) => [item, value]));

async function question() {
  document.getElementById("sought").value = "";
  search("");
  const close = () => {
    fill(seen.question);
    chosen();
    document.getElementById("ask")?.focus();
  };
  let asked, about;
  try {
    asked = await ask("POST", "/v1/questions", { body: { support: support(), n: 1, exclude: [...told.skipped] } });
    about = asked.questions.length > 0 && (await catalogue.fetched(asked.questions[0].item));
  } catch (error) {
    return fill(seen.question, trouble(error, question));
  }
  const [one] = asked.questions;
  if (!one) {
    fill(seen.question, el("p", { role: "status" }, t("nothing_to_ask")), el("button", { type: "button", onclick: close }, t("enough")));
    return chosen();
  }
  const reply = (value) => {
    if (value === null) told.skipped.add(one.item);
    else say(one.item, one.title, value);
    question();
  };
  const button = (name, value, kind = "") => el("button", { type: "button", class: kind, onclick: () => reply(value) }, t(name));
  const words = el("p", { class: "asked", tabindex: "-1" }, t("do_you_like"), " ", el("strong", {}, one.title), t("question_mark"));
  fill(
    seen.question,
    el("div", { class: "line between" }, words, el("button", { type: "button", class: "quiet round", "aria-label": t("enough"), title: t("enough"), onclick: close }, icon("cross"))),
    about.sub && el("p", { class: "sub" }, about.sub),
    el("p", { class: "small" }, said(one.why)),
    el("div", { class: "line" }, button("yes", true, "main"), button("no", false), button("dont_know", null, "quiet")),
  );
  chosen();
  words.focus({ preventScroll: true });
  seen.question.scrollIntoView({ block: "nearest" });
}

async function refresh() {
  waiting?.abort();
  const mine = (waiting = new AbortController());
  const body = { support: support(), n: 10, explain: true, diversity: told.variety };
  if (told.taste.trim()) body.taste = told.taste.trim();
  seen.list.setAttribute("aria-busy", "true");
  try {
    const list = await ask("POST", "/v1/recommendations", { body, signal: mine.signal });
    last = list;
    seen.tellings.hidden = false;
    listed(list);
  } catch (error) {
    if (gone(error)) return;
    if (!(error instanceof Failure)) throw error;
    if (error.code === "not_fitted") return empty();
    fill(seen.list, trouble(error, refresh), last && el("div", { class: "stale" }, seen.rows));
  }
  seen.list.setAttribute("aria-busy", "false");
}

/** What is said before there is anything to list. */
async function empty() {
  let counts = { items: 0 };
  let fitting = false;
  try {
    const report = await ask("GET", "/v1/report");
    counts = report.counts;
    fitting = report.models.some((model) => ["waiting", "fitting"].includes(model.status));
  } catch (error) {
    return fill(seen.list, trouble(error, refresh));
  }
  last = null;
  seen.tellings.hidden = true; // there is nothing to say anything about
  const [words, link] = fitting ? ["being_fitted", "health"] : counts.items ? ["not_fitted", "health"] : ["nothing_yet", "import"];
  fill(seen.list, el("div", { class: "blank" }, icon(link), el("p", {}, t(words)), el("a", { class: "button main", href: `#/${link}` }, t(`go_${link}`))));
  seen.list.setAttribute("aria-busy", "false");
  if (fitting) setTimeout(() => seen.list.isConnected && refresh(), 1000);
}

/** Shows a list; ``fresh``: it is new, and what moved in it is told. */
function listed(list, fresh = true) {
  if (!list) return fill(seen.list, el("p", { class: "waiting" }, t("waiting")));
  const rows = list.recommendations;
  const held = document.activeElement?.closest?.(".row")?.dataset.item;
  const at = [...seen.rows.children].findIndex((row) => row.dataset.item === held);
  const moves = (row) => (!places || !fresh ? null : places.has(row.item) ? places.get(row.item) - row.rank : "new");
  if (seen.list.querySelector(".rows") !== seen.rows || fresh) fill(seen.list, summary(list), seen.rows);
  const drawn = rows.map((row) =>
    rowOf(row, {
      about: catalogue.about(row.item),
      moved: moves(row),
      open: open.has(row.item),
      ontoggle: (event) => (event.target.open ? open.add(row.item) : open.delete(row.item)),
      acts: thumbs(row.title, told.support.get(row.item)?.value, (value) => say(row.item, row.title, value)),
    }),
  );
  glide(seen.rows, drawn);
  if (!rows.length) fill(seen.rows);
  if (held !== undefined && rows.length) (seen.rows.children[rows.findIndex((row) => row.item === held)] ?? seen.rows.children[Math.min(at, rows.length - 1)]).querySelector("button").focus({ preventScroll: true });
  if (places && fresh && rows.length) tell(t("list_changed", { n: rows.filter((row) => !places.has(row.item)).length, title: rows[0].title }));
  if (!fresh) return;
  places = new Map(rows.map((row) => [row.item, row.rank]));
  const redraw = (some) => some && last === list && seen.list.isConnected && listed(list, false);
  catalogue.want(rows.map((row) => row.item)).then(redraw, quiet);
}

export default { show, leave: () => [waiting, searching].forEach((one) => one?.abort()) };
