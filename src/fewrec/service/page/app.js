// The frame: which part is shown, in which language, in which light.

import { answer } from "./api.js";
import { el, fill, icon, tell } from "./dom.js";
import health from "./parts/health.js";
import importing from "./parts/import.js";
import keys from "./parts/keys.js";
import look from "./parts/look.js";
import trying from "./parts/try.js";
import { language, speak, t } from "./words.js";

const PARTS = { try: trying, look, health, import: importing, keys };
const main = document.getElementById("main");
const LIGHTS = ["auto", "light", "dark"];
let light = LIGHTS.includes(localStorage.getItem("fewrec-light")) ? localStorage.getItem("fewrec-light") : "auto";
let shown = null;

/** The part and what follows in the address: #/look/item/7 is ["look", ["item", "7"]]. */
function place() {
  const [name, ...rest] = location.hash.replace(/^#\//, "").split("/");
  return name in PARTS ? [name, rest.map(decode)] : ["try", []];
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // an address typed by hand
  }
}

function frame(current) {
  fill(
    document.getElementById("nav"),
    Object.keys(PARTS).map((name) =>
      el("a", { href: `#/${name}`, "aria-current": name === current ? "page" : null }, icon(name), el("span", {}, t(`nav_${name}`))),
    ),
  );
  document.getElementById("nav").setAttribute("aria-label", t("nav"));
  document.getElementById("skip").textContent = t("skip");
  fill(
    document.getElementById("switches"),
    el("button", { type: "button", class: "quiet", lang: language === "en" ? "zh-CN" : "en", onclick: () => turn("language") }, language === "en" ? "中文" : "English"),
    el("button", { type: "button", class: "quiet round", "aria-label": t(`light_${light}`), title: t(`light_${light}`), onclick: () => turn("light") }, icon(light)),
  );
}

function turn(what) {
  if (what === "language") speak(language === "en" ? "zh" : "en");
  else {
    light = LIGHTS[(LIGHTS.indexOf(light) + 1) % LIGHTS.length];
    localStorage.setItem("fewrec-light", light);
    shine();
    tell(t(`light_${light}`));
  }
  const at = what === "language" ? 0 : 1;
  if (what === "language") show(false);
  else frame(place()[0]);
  document.getElementById("switches").children[at].focus();
}

function shine() {
  if (light === "auto") delete document.documentElement.dataset.light;
  else document.documentElement.dataset.light = light;
}

/** Shows the part that the address names; ``moved``: somebody came here by a link. */
function show(moved) {
  const [name, rest] = place();
  frame(name);
  shown?.leave?.();
  shown = PARTS[name];
  document.title = `${t(`nav_${name}`)} · fewrec`;
  fill(main);
  main.className = `part-${name}`;
  shown.show(main, rest);
  if (moved) {
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
}

/** A line at the top from the moment that the service does not answer until it does again. */
async function watch() {
  if (document.getElementById("offline")) return;
  const line = el("p", { id: "offline", class: "offline", role: "alert" }, t("offline"));
  main.before(line);
  for (;;) {
    await new Promise((wake) => setTimeout(wake, 2000));
    try {
      await answer("GET", "/healthz", { secret: "" });
    } catch (error) {
      if (error.status === 0) continue;
    }
    break;
  }
  line.remove();
  show(false);
}

shine();
window.addEventListener("hashchange", () => show(true));
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
window.addEventListener("fewrec-offline", watch);
show(false);
