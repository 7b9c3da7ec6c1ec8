// The words of the page in the language of the reader.

import en from "./words/en.js";
import zh from "./words/zh.js";

const WORDS = { en, zh };
const SPEECH = { en: "en", zh: "zh-CN" };
const asked = localStorage.getItem("fewrec-language") ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

export let language = asked in WORDS ? asked : "en";
document.documentElement.lang = SPEECH[language];

/** Changes the language, and remembers it. */
export function speak(name) {
  language = name;
  localStorage.setItem("fewrec-language", name);
  document.documentElement.lang = SPEECH[name];
}

/** The words under a name, with {values} filled in; [one, many] is chosen by the value n. */
export function t(name, values = {}) {
  let words = WORDS[language][name] ?? WORDS.en[name];
  if (words === undefined) throw new Error(`there are no words named ${name}`);
  if (Array.isArray(words)) words = words[values.n === 1 ? 0 : 1];
  return words.replace(/\{(\w+)\}/g, (whole, value) => {
    const given = values[value];
    return typeof given === "number" ? number(given) : String(given);
  });
}

export const number = (value, most = 2) => new Intl.NumberFormat(SPEECH[language], { maximumFractionDigits: most }).format(value);
/** A share between 0 and 1; ``most``: digits behind the point. */
export const percent = (share, most = 0) => new Intl.NumberFormat(SPEECH[language], { style: "percent", maximumFractionDigits: most }).format(share);

/** A moment, from Unix seconds. */
export function moment(seconds) {
  return new Intl.DateTimeFormat(SPEECH[language], { dateStyle: "medium", timeStyle: "short" }).format(new Date(seconds * 1000));
}
