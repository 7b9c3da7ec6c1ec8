// The items: the service finds them, and a little of each is kept here for the rows that show it.

import { answer, ask, Failure } from "./api.js";
import { cell } from "./parts/shared.js";

const KEPT = 2000; // items
const LONGEST = 200; // characters of a search
const TITLES = ["title", "name", "item_name", "product_name", "headline", "标题", "名称", "商品名称", "书名", "片名"];
const SUBTITLE = 64; // characters
const TELLING = new Set(["tags", "category", "number", "date", undefined]); // undefined: before the first model

const found = new Map(); // id -> {id, title, sub}, the one asked for last at the end
let reading = null;
let roles = {};
let count = 0;

/** Forgets everything: something was imported. */
export function forget() {
  found.clear();
  reading = null;
}

/** How many items the service has. */
export const size = () => count;

/** Reads how many items there are and what their columns were taken for, once. */
export function load() {
  reading ??= read().catch((error) => {
    reading = null;
    throw error;
  });
  return reading;
}

async function read() {
  const report = await ask("GET", "/v1/report");
  count = report.counts.items;
  roles = Object.fromEntries((report.data?.roles ?? []).filter((entry) => entry.table === "items").map((entry) => [entry.column, entry.role]));
}

function take(row) {
  const title = titleOf(row);
  const about = { id: row.id, title, sub: subOf(row, title) };
  found.delete(row.id);
  found.set(row.id, about);
  if (found.size > KEPT) found.delete(found.keys().next().value);
  return about;
}

function titleOf(row) {
  const names = [...Object.keys(roles).filter((name) => roles[name] === "title"), ...TITLES];
  const name = names.find((one) => cell(row.columns[one]).trim());
  return name ? cell(row.columns[name]).trim() : row.id;
}

/** A few short cells that tell items apart, in the order of the columns. */
function subOf(row, title) {
  const told = [];
  let length = 0;
  for (const [name, value] of Object.entries(row.columns)) {
    const text = cell(value).trim();
    if (!TELLING.has(roles[name]) || !text || text === title || text.length > 40 || typeof value === "boolean") continue;
    if (told.length === 3 || length + text.length > SUBTITLE) break;
    told.push(text);
    length += text.length;
  }
  return told.join(" · ");
}

/** What is known here of an item. */
export const about = (id) => found.get(String(id));

/** What is to be said of an item that the service has told of. */
export async function known(row) {
  await load();
  return take(row);
}

/** What is known of an item, asked of the service where it is not here. */
export async function fetched(id) {
  if (found.has(id)) return found.get(id);
  try {
    return await known(await ask("GET", `/v1/items/${encodeURIComponent(id)}`));
  } catch (error) {
    if (!(error instanceof Failure && error.code === "unknown_id")) throw error;
    return take({ id, columns: {} }); // people met it, and nobody has told of it
  }
}

/** Sees to it that these items are known here; whether any of them was not. */
export async function want(ids) {
  const missing = [...new Set(ids)].filter((id) => !found.has(id));
  await Promise.all(missing.map(fetched));
  return missing.length > 0;
}

/** Items that hold all words, those whose title begins with them first; without a word the first ones. */
export async function search(text, most, signal) {
  await load();
  const { data } = await answer("GET", "/v1/items", { query: { search: [...text.trim()].slice(0, LONGEST).join("") || null, limit: most }, signal });
  return data.map(take);
}
