// A fit under way: started, watched until it is ready or has failed.

import { ask, at, Failure } from "../api.js";
import { el, fill } from "../dom.js";
import { said } from "../said.js";
import { t } from "../words.js";
import { trouble } from "./shared.js";

const PERIOD = 500; // milliseconds between two looks

/** Starts a fit and shows in ``box`` how far it is; ``then`` is called with the version when it answers. */
export async function fit(box, then) {
  try {
    const { version } = await ask("POST", "/v1/models", { body: {} });
    await follow(box, version, then);
  } catch (error) {
    fill(box, trouble(error, () => fit(box, then)));
  }
}

/** The version that answers now; 0 where there is none. */
async function answering() {
  try {
    return (await ask("GET", "/readyz")).model;
  } catch (error) {
    if (error instanceof Failure && error.status === 503) return 0;
    throw error;
  }
}

/** Shows how far a version is, until it is ready or has failed, or the box is gone. */
export async function follow(box, version, then) {
  const line = el("progress", { "aria-label": t("fitting") });
  const words = el("p", { class: "small" }, t("fit_waits"));
  fill(box, el("div", { class: "fitting" }, el("p", {}, t("fitting")), line, words));
  while (box.isConnected) {
    const now = await ask("GET", at`/v1/models/${version}`);
    if (now.status === "failed") return fill(box, el("div", { class: "trouble", role: "alert" }, el("p", { class: "what" }, t("fit_failed")), el("p", { class: "small" }, said(now.reason ?? ""))));
    // Ready in the book; the process that answers takes it over a moment later. "erased": a later one answers already.
    if (now.status === "erased" || (now.status === "ready" && (await answering()) >= version)) return then(now);
    if (now.progress?.total) {
      line.max = now.progress.total;
      line.value = now.progress.done;
      fill(words, said(now.progress.what));
    }
    await new Promise((wake) => setTimeout(wake, PERIOD));
  }
}
