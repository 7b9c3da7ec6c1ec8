// What several parts show: errors, the box for a key, things that wait.

import { ask, Failure, gone, key } from "../api.js";
import { el, fill, icon } from "../dom.js";
import { said } from "../said.js";
import { t } from "../words.js";

/** A heading with a line below it. */
export const head = (title, lead) => el("header", { class: "head" }, el("h1", {}, title), lead && el("p", { class: "lead" }, lead));

// Errors that have words of their own here; the service's message and hint speak for all others.
const KNOWN = { key: "need_key", role: "need_role", offline: "no_answer", slow: "slow", unknown_id: "not_found", too_large: "too_large", too_many: "too_many", busy: "busy", internal: "internal" };

/** What went wrong, in words, with what helps. ``again``: what to do when it may work now. */
export function trouble(error, again) {
  if (!(error instanceof Failure)) throw error; // a bug of this page: it belongs into the console
  const known = KNOWN[error.code];
  return el(
    "div",
    { class: "trouble", role: "alert" },
    el("p", { class: "what" }, known ? t(known) : said(error.message)),
    error.code === "role" && el("p", { class: "small sentence" }, said(error.message)),
    error.where && !known && el("p", { class: "small" }, t("where"), " ", el("code", {}, error.where)),
    error.hint && (!known || error.code === "internal") && el("p", { class: "small" }, said(error.hint)),
    error.code === "role" && el("a", { href: "#/keys" }, t("other_key")),
    error.code === "key" ? keyBox(again) : again && error.code !== "role" && error.code !== "unknown_id" && el("button", { type: "button", onclick: again }, t("again")),
  );
}

/** A field for a key; it is tried before it is kept. */
export function keyBox(then) {
  const id = `key-${Math.random().toString(36).slice(2)}`;
  const field = el("input", { id, type: "password", autocomplete: "off", spellcheck: "false", placeholder: "fewrec_…", "aria-describedby": `${id}-told` });
  const told = el("p", { id: `${id}-told`, class: "told", role: "alert" });
  const button = el("button", { class: "main" }, t("use_key"));
  const send = async (event) => {
    event.preventDefault();
    fill(told);
    const secret = field.value.trim();
    if (!secret) return field.focus();
    button.disabled = true;
    try {
      await ask("GET", "/v1/events", { secret });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      field.setAttribute("aria-invalid", "true");
      fill(told, error.status === 401 ? t("wrong_key") : error.code === "offline" ? t("offline") : said(error.message));
      field.focus();
      return;
    } finally {
      button.disabled = false;
    }
    key.set(secret);
    then?.();
  };
  return el("form", { class: "keybox", onsubmit: send }, el("label", { for: id }, t("key")), el("div", { class: "line" }, field, button), told);
}

/** Shows what ``load`` gives, a sign of waiting before, and what went wrong instead. */
export async function into(node, load) {
  node.setAttribute("aria-busy", "true");
  if (!node.hasChildNodes()) fill(node, el("p", { class: "waiting" }, t("waiting")));
  try {
    fill(node, await load());
  } catch (error) {
    if (gone(error)) return;
    fill(node, trouble(error, () => into(node, load)));
  } finally {
    node.setAttribute("aria-busy", "false");
  }
}

/** Two buttons: like, and not. ``now``: true, false, or nothing yet. */
export function thumbs(title, now, say) {
  const one = (value, name) =>
    el(
      "button",
      { type: "button", class: `thumb ${name}`, "aria-pressed": String(now === value), "aria-label": t(`${name}_title`, { title }), title: t(name), onclick: () => say(now === value ? null : value) },
      icon(name),
    );
  return el("div", { class: "thumbs" }, one(true, "like"), one(false, "dislike"));
}

/** Cells of a column as text: lists with commas, nothing for nothing. */
export const cell = (value) => (value === null || value === undefined ? "" : Array.isArray(value) ? value.join(", ") : String(value));

const ROLES = new Set(["item", "user", "title", "description", "text", "tags", "category", "number", "date", "rating", "event", "time", "quantity", "click", "unused", "kept"]);

/** What a column was taken for, in words; a role that this page does not know by its own name. */
export const roleWords = (role) => (ROLES.has(role) ? t(`role_${role}`) : role);

/** A table that scrolls by itself where it is too wide. */
export function table(caption, heads, rows, kind = "") {
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      { class: kind },
      el("caption", { class: "unseen" }, caption),
      el("thead", {}, el("tr", {}, heads.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((one) => el("td", {}, one))))),
    ),
  );
}
