// Keys: the one this page uses, and, for those who may, all others.

import { ask, at, Failure, key } from "../api.js";
import { el, fill, tell } from "../dom.js";
import { moment, t } from "../words.js";
import { head, into, keyBox, table, trouble } from "./shared.js";

const ROLES = ["read", "write", "admin"];
let made = null; // the key that was just made; it can be shown no second time

function show(main) {
  const again = () => show(main);
  const list = el("div");
  fill(
    main,
    head(t("keys_title"), t("keys_lead")),
    el("div", { class: "halves even" }, el("section", { class: "card", "aria-label": t("this_page") }, el("h2", {}, t("this_page")), mine(again)), el("section", { class: "card", "aria-label": t("new_key") }, el("h2", {}, t("new_key")), list)),
  );
  const all = el("section", { class: "card", "aria-label": t("all_keys") });
  into(list, async () => {
    const keys = await ask("GET", "/v1/keys");
    main.append(fill(all, el("h2", {}, t("all_keys")), keys.length ? others(keys, again) : el("p", { class: "small" }, t("no_keys"))));
    return form(keys.every((one) => one.revoked), again);
  });
}

function mine(again) {
  if (!key.get()) return [el("p", {}, t("no_key_used")), keyBox(again)];
  const stop = () => {
    key.set("");
    again();
  };
  return [el("p", {}, t("key_used"), " ", el("code", {}, `${key.get().slice(0, 19)}…`)), el("p", { class: "small" }, t("key_kept")), el("button", { type: "button", onclick: stop }, t("forget_key"))];
}

function form(first, again) {
  const name = el("input", { id: "key-name", required: true, maxlength: "100", autocomplete: "off", placeholder: t("key_name_hint") });
  const role = el("select", { id: "key-role", disabled: first }, ROLES.map((one) => el("option", { value: one, selected: one === (first ? "admin" : "read") }, t(`role_key_${one}`))));
  const told = el("div");
  const make = async (event) => {
    event.preventDefault();
    try {
      made = await ask("POST", "/v1/keys", { body: { name: name.value.trim(), role: role.value } });
    } catch (error) {
      return fill(told, trouble(error));
    }
    if (first) key.set(made.key); // else this page would have locked itself out
    tell(t("key_made"));
    again();
  };
  return [
    shown(),
    first && el("p", { class: "note" }, t("first_key")),
    el("form", { onsubmit: make }, el("div", { class: "field" }, el("label", { for: "key-name" }, t("key_name")), name), el("div", { class: "field" }, el("label", { for: "key-role" }, t("key_role")), role), el("button", { class: "main" }, t("make_key"))),
    told,
  ];
}

/** The key that was just made, with a button that copies it. */
function shown() {
  if (made === null) return null;
  const secret = el("code", { class: "secret", id: "secret" }, made.key);
  const copy = el("button", { type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(made.key);
      copy.textContent = t("copied");
    } catch {
      getSelection().selectAllChildren(secret); // no clipboard for pages without TLS: it can be copied by hand
      copy.textContent = t("copy_by_hand");
    }
  } }, t("copy"));
  const away = () => {
    made = null;
    box.remove();
  };
  const box = el("div", { class: "made" }, el("p", {}, t("key_once", { name: made.name })), secret, el("div", { class: "line" }, copy, el("button", { type: "button", class: "quiet", onclick: away }, t("noted"))));
  return box;
}

function others(keys, again) {
  return table(
    t("all_keys"),
    [t("key_name"), t("key_role"), t("made"), ""],
    keys.map((one) => [el("span", {}, one.name, " ", el("code", { class: "id" }, one.id)), t(`role_key_${one.role}`), moment(one.created), one.revoked ? t("revoked") : revoking(one, again)]),
  );
}

/** A button that asks once more before it revokes. */
function revoking(one, again) {
  const box = el("span", { class: "line" });
  const button = el("button", { type: "button", "aria-label": t("revoke_key", { name: one.name }) }, t("revoke"));
  button.addEventListener("click", () => {
    const sure = el("button", { type: "button", class: "danger", onclick: revoke }, t("revoke_sure"));
    fill(box, sure, el("button", { type: "button", class: "quiet", onclick: () => (fill(box, button), button.focus()) }, t("no_keep")));
    sure.focus();
  });
  const revoke = async () => {
    try {
      await ask("DELETE", at`/v1/keys/${one.id}`);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return fill(box, trouble(error));
    }
    tell(t("revoked"));
    again();
  };
  return fill(box, button);
}

export default { show, leave: () => { made = null; } };
