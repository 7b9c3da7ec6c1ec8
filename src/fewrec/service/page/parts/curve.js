// How good the lists were for past users, by how much was known of them.

import { el } from "../dom.js";
import { t } from "../words.js";

/** What the service has measured of its active version. */
export function curve(report) {
  return el("p", { class: "small" }, t("not_measured"));
}
