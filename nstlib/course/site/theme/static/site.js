// What a page does besides being read. Everything on it works without this file.
"use strict";

// The theme: as the system, light, dark; kept where the browser keeps anything for pages on a disk.
const themes = ["", "light", "dark"];
const names = {"": "as the system", light: "light", dark: "dark"};
const themeButton = document.querySelector("button.theme");
function showTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  themeButton.setAttribute("aria-label", `Theme: ${names[theme]}`);
  themeButton.title = `Theme: ${names[theme]}`;
}
themeButton.hidden = false;
showTheme(document.documentElement.dataset.theme || "");
themeButton.addEventListener("click", () => {
  const now = document.documentElement.dataset.theme || "";
  const next = themes[(themes.indexOf(now) + 1) % themes.length];
  showTheme(next);
  try { localStorage.setItem("nst-theme", next); } catch { /* not kept, then */ }
});

// What scrolls by itself must be reached by the keyboard.
function markScrollers() {
  for (const each of document.querySelectorAll("pre, .scrolls, mjx-container[display]")) {
    if (each.scrollWidth > each.clientWidth) {
      each.tabIndex = 0;
      if (!each.hasAttribute("role") && each.tagName !== "MJX-CONTAINER") {
        each.setAttribute("role", "region");
        each.setAttribute("aria-label", each.querySelector("table") ? "Table" : each.closest(".cell_output") ? "What the cell printed" : "Code");
      }
    }
  }
}
window.addEventListener("load", markScrollers);
document.fonts.ready.then(markScrollers); // another font, another width
window.addEventListener("resize", markScrollers);

// The menu of a phone closes with Escape and with a click beside it.
const drawer = document.querySelector("details.drawer");
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && drawer.open) { drawer.open = false; drawer.querySelector("summary").focus(); }
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    const box = document.querySelector("header form.find input");
    if (box.offsetParent) { event.preventDefault(); box.focus(); }
  }
});
document.addEventListener("click", (event) => { if (drawer.open && !drawer.contains(event.target)) drawer.open = false; });

// A link to a place inside a folded answer opens it.
function unfold() {
  let target = null;
  try { target = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { /* no anchor */ }
  for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
}
window.addEventListener("hashchange", unfold);
unfold();

// Paper shows what a click would unfold.
let opened = [];
window.addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("article details:not([open])")];
  for (const each of opened) each.open = true;
});
window.addEventListener("afterprint", () => { for (const each of opened) each.open = false; });

// The section that is being read, in the list on the right.
const links = new Map([...document.querySelectorAll("nav.sections a")].map((a) => [a.getAttribute("href").slice(1), a]));
if (links.size) {
  const heads = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  const mark = () => {
    const read = heads.filter((each) => each.getBoundingClientRect().top < innerHeight / 3).pop();
    for (const [id, a] of links) {
      if (read && id === read.id) a.setAttribute("aria-current", "location");
      else a.removeAttribute("aria-current");
    }
  };
  document.addEventListener("scroll", mark, {passive: true});
  mark();
}
