// Elements from data. Nothing here reads text as HTML: whatever a title holds is shown as it is.

/** An element with attributes and children; texts become text nodes, null and false are left out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Puts children into a node in place of what it had. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const PATHS = {
  like: "M7 21V10l4.5-7c1.6 0 2.5 1.2 2.5 2.6L13.3 9H19a2 2 0 0 1 2 2.4l-1.5 7.5A2.6 2.6 0 0 1 17 21H7Zm0-11H3v11h4",
  dislike: "M7 3v11l4.500 7c1.6 0 2.500-1.200 2.500-2.600L13.300 15H19a2 2 0 0 0 2-2.400l-1.500-7.500A2.600 2.600 0 0 0 17 3H7Zm0 11H3V3h4",
  cross: "M6 6l12 12M18 6L6 18",
  try: "M4 6h16M4 12h11M4 18h6M17.500 15l1 2.500 2.500 1-2.500 1-1 2.500-1-2.500-2.500-1 2.500-1z",
  look: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13Zm5-1.500L20.500 20.500",
  health: "M3 12h4l3-8 4 16 3-8h4",
  import: "M12 3v12m0 0l-5-5m5 5l5-5M4 20h16",
  keys: "M14.500 4a5.500 5.500 0 1 1-4.900 8L3 18.500V21h4v-2h2v-2h2l1.500-1.600A5.500 5.500 0 0 1 14.500 4Zm1.700 4.300v.01",
  light: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2v2.500M12 19.500V22M2 12h2.500M19.500 12H22M5 5l1.700 1.700M17.300 17.300L19 19M5 19l1.700-1.700M17.300 6.700L19 5",
  dark: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z",
  auto: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 3v18M12 7l6-1M12 12h9M12 17l6 1",
};

/** A drawing beside a word; screen readers pass over it. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A bar filled to a share between 0 and 1; what it says stands in words beside it. */
export function bar(share, kind = "") {
  const inner = el("i");
  inner.style.width = `${Math.round(100 * Math.min(1, Math.max(0, share)))}%`;
  return el("span", { class: `bar ${kind}`, "aria-hidden": "true" }, inner);
}

/** Tells screen readers what has changed. */
export function tell(text) {
  document.getElementById("live").textContent = text;
}

/** ``action`` when nothing has called for some time. */
export function later(milliseconds, action) {
  let timer = 0;
  const soon = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...given), milliseconds);
  };
  soon.stop = () => clearTimeout(timer);
  return soon;
}
