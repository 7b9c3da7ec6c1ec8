// The public API: one function that asks, and one kind of error.

const PATIENCE = 60_000; // milliseconds until a request is given up

/** What went wrong: the service's own code, message and hint, or "offline" and "slow" where it did not answer. */
export class Failure extends Error {
  constructor(status, error) {
    super(error.message ?? error.code);
    this.status = status;
    this.code = error.code;
    this.where = error.where ?? "";
    this.hint = error.hint ?? "";
  }
}

// Kept for this tab alone, and gone when it closes.
export const key = {
  get: () => sessionStorage.getItem("fewrec-key") ?? "",
  set: (text) => (text ? sessionStorage.setItem("fewrec-key", text) : sessionStorage.removeItem("fewrec-key")),
};

/** The whole answer, {data, ...}. ``body``: sent as JSON; ``file``: sent as it is, as ``type``. */
export async function answer(method, path, { body, file, type, query = {}, signal, secret = key.get() } = {}) {
  const headers = {};
  if (secret) headers.Authorization = `Bearer ${secret}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (file !== undefined) headers["Content-Type"] = type;
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined && value !== null));
  const limit = AbortSignal.timeout(PATIENCE);
  let response, text;
  try {
    response = await fetch(`${path}${asked.size ? `?${asked}` : ""}`, {
      method,
      headers,
      body: file ?? (body === undefined ? undefined : JSON.stringify(body)),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error; // a newer question has taken its place
    if (limit.aborted) throw new Failure(0, { code: "slow" });
    window.dispatchEvent(new Event("fewrec-offline"));
    throw new Failure(0, { code: "offline" });
  }
  let told;
  try {
    told = JSON.parse(text);
  } catch {
    throw new Failure(response.status, { code: "no_json", message: `${response.status} ${response.statusText}` });
  }
  if (!response.ok) throw new Failure(response.status, told.error ?? { code: "unknown", message: text.slice(0, 300) });
  return told;
}

/** The data of the answer. */
export async function ask(method, path, more) {
  return (await answer(method, path, more)).data;
}

/** A path with an id in it. */
export const at = (strings, ...ids) => strings.reduce((path, part, place) => path + encodeURIComponent(ids[place - 1]) + part);

/** Whether an error only says that nobody waits for the answer any more. */
export const gone = (error) => error.name === "AbortError";
