// Import: drop tables, see how they are understood, and take them in.

import { ask, Failure } from "../api.js";
import * as catalogue from "../catalogue.js";
import { el, fill, icon, tell } from "../dom.js";
import { said } from "../said.js";
import { number, t } from "../words.js";
import { fit } from "./fit.js";
import { cell, head, roleWords, table, trouble } from "./shared.js";

const TABLES = ["items", "interactions", "users"];
const KINDS = { parquet: "application/vnd.apache.parquet", jsonl: "application/x-ndjson", ndjson: "application/x-ndjson" };
const USER = /^(user|customer|visitor|member|reader|client|person|account|用户|顾客|客户|会员|读者)([ _-]?(id|name|no|编号|号))?$/i;
const ITEM = /^(item|product|article|movie|film|book|song|track|news|sku|asin|isbn|course|restaurant|place|recipe|game|商品|物品|产品|文章|电影|图书|课程)([ _-]?(id|no|编号|号))?$/i;

function show(main) {
  const files = el("div", { class: "files" });
  const done = el("div", { "aria-live": "polite" });
  const field = el("input", { type: "file", id: "files", multiple: true, accept: ".csv,.tsv,.txt,.jsonl,.ndjson,.parquet", class: "unseen", onchange: () => (take(field.files), (field.value = "")) });
  const drop = el("label", { class: "drop", for: "files" }, icon("import"), el("strong", {}, t("drop")), el("span", { class: "small" }, t("drop_kinds")));
  const over = (on) => (event) => {
    event.preventDefault();
    drop.classList.toggle("over", on);
    if (event.type === "drop") take(event.dataTransfer.files);
  };
  for (const [name, on] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) drop.addEventListener(name, over(on));
  const take = (list) => {
    for (const file of list) files.append(one(file, done));
  };
  fill(main, head(t("import_title"), t("import_lead")), el("div", { class: "dropping" }, field, drop), files, done, help());
}

function help() {
  return el("details", { class: "help" }, el("summary", {}, t("which_tables")), el("ul", {}, TABLES.map((name) => el("li", {}, el("strong", {}, t(`table_${name}`)), " – ", t(`help_${name}`)))));
}

/** Which table a file is, by the names of its columns, and by its own name where these do not tell. */
async function guess(file) {
  const start = (await file.slice(0, 20_000).text()).split(/\r?\n/, 1)[0];
  let names = start.split(/[,;\t|]/).map((name) => name.replace(/^\uFEFF?"?|"$/g, "").split(":")[0].trim());
  try {
    names = Object.keys(JSON.parse(start));
  } catch {
    // a table with a line of names
  }
  const user = names.some((name) => USER.test(name));
  const item = names.some((name) => ITEM.test(name));
  if (user && item) return "interactions";
  if (user !== item) return user ? "users" : "items";
  if (/user|customer|member|用户|顾客/i.test(file.name)) return "users";
  return /rating|event|interaction|click|order|purchase|view|评分|行为|订单/i.test(file.name) ? "interactions" : "items";
}

/** The card of one file: what it is, how it is understood, what is wrong, and the button that takes it in. */
function one(file, done) {
  const body = el("div", { class: "preview" });
  const which = el("select", { "aria-label": t("which_table", { file: file.name }), onchange: () => look() }, TABLES.map((name) => el("option", { value: name }, t(`table_${name}`))));
  const box = el("section", { class: "card file", "aria-label": file.name }, el("div", { class: "line" }, el("h2", {}, file.name), el("span", { class: "small" }, size(file)), which, el("button", { type: "button", class: "quiet round", "aria-label": t("put_away", { file: file.name }), onclick: () => box.remove() }, icon("cross"))), body);
  const type = KINDS[file.name.split(".").pop().toLowerCase()] ?? "text/csv";
  const send = (query) => ask("POST", "/v1/imports", { file, type, query: { table: which.value, name: file.name.slice(0, 255), ...query } });
  let turn = 0;
  const look = async () => {
    const mine = ++turn;
    body.setAttribute("aria-busy", "true");
    try {
      const found = await send({ preview: true });
      if (mine === turn) fill(body, preview(found, keep));
    } catch (error) {
      if (mine === turn) fill(body, trouble(error, error.status === 401 || error.status === 0 ? look : undefined));
    }
    body.setAttribute("aria-busy", "false");
  };
  const keep = async (button, bad) => {
    button.disabled = true;
    body.setAttribute("aria-busy", "true");
    try {
      const found = await send(bad ? { skip_bad_rows: true } : {});
      catalogue.forget();
      which.disabled = true;
      fill(body, stored(found.stored));
      ready(done);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      button.disabled = false;
      body.querySelector(".trouble")?.remove();
      body.append(trouble(error));
    }
    body.setAttribute("aria-busy", "false");
  };
  guess(file).then((name) => {
    which.value = name;
    look();
  });
  return box;
}

const size = (file) => (file.size < 1e6 ? t("kb", { n: number(Math.max(1, Math.round(file.size / 1000))) }) : t("mb", { n: number(file.size / 1e6, 1) }));

function preview(found, keep) {
  const left = found.warnings.filter((warning) => /rows? left out/.test(warning));
  const other = found.warnings.filter((warning) => !left.includes(warning));
  const rows = Math.max(0, found.rows);
  const names = Object.keys(found.sample[0] ?? {});
  const take = el("button", { type: "button", class: "main take", disabled: rows === 0, onclick: () => keep(take, left.length > 0) }, t(left.length ? "take_good" : "take", { n: rows }));
  return [
    left.length > 0 && el("div", { class: "trouble", role: "alert" }, el("p", { class: "what" }, t("bad_rows")), left.map((warning) => el("p", { class: "small" }, said(warning)))),
    other.map((warning) => el("p", { class: "note" }, said(warning))),
    el("h3", {}, t("columns_found")),
    el("ul", { class: "columns" }, found.columns.map((column) => el("li", { class: column.role === "unused" ? "unused" : null }, el("strong", {}, column.column), el("span", {}, roleWords(column.role)), el("span", { class: "small" }, said(column.how))))),
    names.length > 0 && el("h3", {}, t("first_rows")),
    names.length > 0 && table(t("first_rows"), names, found.sample.map((row) => names.map((name) => cell(row[name])))),
    el("div", { class: "line" }, take, el("span", { class: "small" }, t("nothing_kept_yet"))),
  ];
}

function stored(counts) {
  const told = Object.entries(counts ?? {}).filter(([, count]) => typeof count === "number" && count > 0);
  const words = told.length ? told.map(([name, n], place) => [place ? t("comma") : "", TABLES.includes(name) ? t(name === "interactions" ? "events" : name, { n }) : `${number(n)} ${name}`]).flat() : [t("nothing_new")];
  tell(t("taken_in"));
  return el("p", { class: "good" }, t("taken_in"), " ", words);
}

/** What comes next: a model that knows the rows. */
function ready(done) {
  if (done.querySelector(".fitting")) return;
  const box = el("div");
  const begin = () => fit(box, finished);
  const finished = () => {
    fill(box, el("p", { class: "good" }, t("fit_done")), el("a", { class: "button main", href: "#/try" }, t("go_try")));
    tell(t("fit_done"));
    box.querySelector("a").focus();
  };
  fill(done, el("section", { class: "card next", "aria-label": t("next") }, el("h2", {}, t("next")), el("p", {}, t("next_lead")), fill(box, el("button", { type: "button", class: "main", id: "fit", onclick: begin }, t("prepare")))));
}

export default { show };
