// The items, to search in and to say a little about: read a page at a time, when they are first needed.

import { answer, ask } from "./api.js";
import { cell } from "./parts/shared.js";

const MOST = 20_000; // items held in this page; beyond them an item is found by its id
const TITLES = ["title", "name", "item_name", "product_name", "headline", "标题", "名称", "商品名称", "书名", "片名"];
const SUBTITLE = 64; // characters
const TELLING = new Set(["tags", "category", "number", "date", undefined]); // undefined: before the first model

const found = new Map(); // id -> {id, title, sub, sought}
let reading = null;
let roles = null;
export let whole = false; // whether every item has been read
export let ready = false; // whether no more will be read

/** Forgets everything: something was imported. */
export function forget() {
  found.clear();
  reading = roles = null;
  whole = ready = false;
}

/** How many items there are here so far. */
export const size = () => found.size;

/** Reads all items, once; ``step`` is called after every page. */
export function load(step = () => {}) {
  reading ??= read(step).catch((error) => {
    reading = null;
    throw error;
  });
  return reading;
}

async function read(step) {
  roles = {};
  for (const entry of (await ask("GET", "/v1/report")).data?.roles ?? []) if (entry.table === "items") roles[entry.column] = entry.role;
  let cursor;
  do {
    const page = await answer("GET", "/v1/items", { query: { limit: 1000, cursor } });
    page.data.forEach(take);
    cursor = page.next ?? undefined;
    step();
  } while (cursor && found.size < MOST);
  whole = !cursor;
  ready = true;
}

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function take(row) {
  const title = titleOf(row);
  const about = { id: row.id, title, sub: subOf(row, title), sought: plain(`${title} ${row.id} ${Object.values(row.columns).map(cell).join(" ")}`), name: plain(title) };
  found.set(row.id, about);
  return about;
}

function titleOf(row) {
  const names = [...Object.keys(roles ?? {}).filter((name) => roles[name] === "title"), ...TITLES];
  const name = names.find((one) => cell(row.columns[one]).trim());
  return name ? cell(row.columns[name]).trim() : row.id;
}

/** A few short cells that tell items apart, in the order of the columns. */
function subOf(row, title) {
  const told = [];
  let length = 0;
  for (const [name, value] of Object.entries(row.columns)) {
    const text = cell(value).trim();
    if (!TELLING.has(roles?.[name]) || !text || text === title || text.length > 40 || typeof value === "boolean") continue;
    if (told.length === 3 || length + text.length > SUBTITLE) break;
    told.push(text);
    length += text.length;
  }
  return told.join(" · ");
}

/** What is known here of an item. */
export const about = (id) => found.get(String(id));

/** What is known of an item, asked of the service where it is not here. */
export async function fetched(id) {
  if (roles === null) await load();
  return found.get(id) ?? take(await ask("GET", `/v1/items/${encodeURIComponent(id)}`));
}

/** Items that hold all words: those whose title begins with them first. */
export function search(text, most = 5) {
  const words = plain(text).split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const hits = [];
  for (const one of found.values()) {
    if (!words.every((word) => one.sought.includes(word))) continue;
    const inTitle = words.every((word) => one.name.includes(word));
    hits.push([one.name.startsWith(words[0]) && inTitle ? 0 : inTitle ? 1 : 2, one]);
  }
  return hits.sort((a, b) => a[0] - b[0] || (a[1].title < b[1].title ? -1 : 1)).slice(0, most).map(([, one]) => one);
}

/** The first items, in the order of their ids. */
export const some = (most) => [...found.values()].slice(0, most);
