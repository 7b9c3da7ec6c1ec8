// What the service says in English, in the language of the page where its sentences are known here.

import { el } from "./dom.js";
import { language } from "./words.js";
import zh from "./words/said_zh.js";

/** The sentence as a node. One that is not known here stays English, and is marked as such for screen readers. */
export function said(text) {
  if (language === "en") return text;
  const told = translated(text);
  return told === null ? el("span", { lang: "en" }, text) : told;
}

/** The sentence in Chinese, part by part; null where any part is not known. */
export function translated(text) {
  const whole = one(text);
  if (whole !== null) return whole;
  // Several sentences on one line, each of which may be known by itself.
  const parts = text.split(/(?<=[.。])\s+(?=[A-Z])/);
  if (parts.length === 1) return null;
  const told = parts.map(one);
  return told.includes(null) ? null : told.join("");
}

function one(text) {
  for (const [pattern, words] of zh) {
    const match = text.match(pattern);
    if (!match) continue;
    const values = match.slice(1).map((value) => (value === undefined ? "" : value));
    return typeof words === "function" ? words(...values) : words.replace(/\$(\d)/g, (whole, place) => values[place - 1]);
  }
  return null;
}
