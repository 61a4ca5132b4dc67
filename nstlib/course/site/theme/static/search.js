// The search: every word must begin a word of the section. Headings count more than text.
"use strict";

const MOST = 40, BEFORE = 60, AFTER = 150;
const box = document.getElementById("query"), count = document.getElementById("count"), list = document.getElementById("results");
// Optimizer and optimiser, color and colour are one word.
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/iz(?=[aei])/g, "is").replace(/colour/g, "color");
const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function element(name, text, parent, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  Object.assign(made, attributes);
  parent.append(made);
  return made;
}

// Occurrences at the beginning of a word; `_` and digits belong to words, so that gram_matrix is found by matrix too.
function times(text, word) {
  return (text.match(new RegExp(`(?<![\\p{L}\\p{N}])${escaped(word)}`, "gu")) || []).length;
}

function find(query) {
  const words = [...new Set(plain(query).split(/[\s,;"]+/).filter(Boolean))];
  if (!words.length) return [];
  const found = [];
  for (const [page, sections] of window.searchIndex) {
    const title = plain(sections.length ? sections[0][1] : "");
    for (const [anchor, heading, text] of sections) {
      const head = plain(heading), body = plain(text);
      let score = 0;
      for (const word of words) {
        const here = 12 * Math.min(1, times(head, word)) + Math.min(6, times(body, word));
        const near = 4 * Math.min(1, times(title, word));
        if (!here && !near) { score = -1; break; }
        score += here + near;
      }
      // The page's name alone is no reason to list each of its sections.
      if (score > 0 && words.some((word) => times(head, word) || times(body, word)))
        found.push({page, anchor, heading, title: sections[0][1], text, score: score + (anchor ? 0 : 8)});
    }
  }
  return found.sort((a, b) => b.score - a.score).map((each) => ({...each, words}));
}

function excerpt(result, parent) {
  const either = result.words.map((word) => escaped(word).replace(/is(?=[aei])/g, "i[sz]").replace(/color/g, "colou?r"));
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(${either.join("|")})`, "giu");
  const at = Math.max(0, result.text.search(pattern));
  const start = at > BEFORE ? result.text.indexOf(" ", at - BEFORE) + 1 : 0;
  const text = result.text.slice(start, at + AFTER);
  const line = element("p", start ? "… " : "", parent);
  let last = 0;
  for (const match of text.matchAll(pattern)) {
    line.append(text.slice(last, match.index));
    element("mark", match[0], line);
    last = match.index + match[0].length;
  }
  line.append(text.slice(last) + (at + AFTER < result.text.length ? " …" : ""));
}

function show() {
  const query = box.value.trim();
  const found = find(query);
  list.replaceChildren();
  count.textContent = !query ? "" : !found.length ? "0 sections. Every word must begin a word of the text: try fewer, or shorter ones." : found.length > MOST ? `${found.length} sections; the best ${MOST} of them` : found.length === 1 ? "1 section" : `${found.length} sections`;
  for (const result of found.slice(0, MOST)) {
    const item = element("li", "", list);
    const link = element("a", result.heading, item, {href: `${result.page}.html${result.anchor ? "#" + result.anchor : ""}`});
    if (result.anchor) element("span", ` ${result.title}`, link);
    excerpt(result, item);
  }
}

box.value = new URLSearchParams(location.search).get("q") || "";
box.addEventListener("input", show);
document.querySelector("form.wide").addEventListener("submit", (event) => {
  event.preventDefault();
  try { history.replaceState(null, "", `?q=${encodeURIComponent(box.value)}`); } catch { /* on a disk */ }
  show();
});
show();
if (!box.value) box.focus();
