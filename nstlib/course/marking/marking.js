// The marking page: one answer at a time. Every change is saved at once; nothing is left behind unsaved.
"use strict";

window.MathJax = {
  // Nothing that loads more or that one answer could define for the next.
  tex: {packages: {"[-]": ["autoload", "require", "noundefined", "newcommand", "configmacros"]},
        inlineMath: [["\\(", "\\)"]], displayMath: [["\\[", "\\]"], ["$$", "$$"]]},
  svg: {fontCache: "local"},
  options: {enableMenu: false, enableAssistiveMml: false, skipHtmlTags: ["script", "style", "pre", "code"]},
  startup: {typeset: false},
};

const at = (id) => document.getElementById(id);
const WAIT = 700;  // milliseconds of quiet after which a comment is saved
let questions = [];   // of all exercises: {exercise, grade_id, points, prompt, model, scheme, rows}
let question = null, shown = null;  // shown: {row, seen, score, comment}, as the server has it
let timer = 0, saving = Promise.resolve(true), turn = 0;

async function ask(path, body) {
  const options = body && {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)};
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("nst mark does not answer: has it ended? What you see is not saved.");
  }
  const content = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(content.problem), {status: answer.status});
  return content;
}

function say(text, wrong = false) {
  at("said").textContent = text;
  at("said").classList.toggle("wrong", wrong);
}

function formulas(...elements) {
  window.MathJax.typesetPromise?.(elements).catch(() => {});
}

// --- which answer

function waiting(row) { return !row.marked; }
function listed() { return question.rows.filter((row) => !at("waiting").checked || waiting(row) || row === shown?.row); }

function neighbour(step) {
  const rows = listed();
  return rows[rows.indexOf(shown?.row) + step];
}

function progress() {
  const done = question.rows.filter((row) => row.marked).length;
  at("progress").textContent = `${done} of ${question.rows.length} marked`;
  const name = (each) => `${each.exercise.split("_")[0]}: ${each.grade_id.replace(/^ex\d+_/, "")}`;
  const left = (each) => each.rows.filter(waiting).length;
  [...at("question").options].forEach((option, k) => {
    option.textContent = `${name(questions[k])} (${left(questions[k]) || "none"} to mark)`;
  });
  at("previous").disabled = !neighbour(-1);
  at("next").textContent = neighbour(1) ? "Next" : "Save";
}

async function choose(index, row) {
  if (question && !(await save())) { at("question").value = questions.indexOf(question); return; }
  question = questions[index];
  shown = null;
  at("question").value = index;
  for (const part of ["prompt", "model", "scheme"]) at(part).innerHTML = question[part];
  at("scheme-title").hidden = at("scheme").hidden = !question.scheme;
  at("of").textContent = `of ${question.points}`;
  quick();
  formulas(at("prompt"), at("model"), at("scheme"));
  await show(row || question.rows.find(waiting) || question.rows[0]);
}

async function show(row) {
  const mine = ++turn;
  const query = new URLSearchParams({exercise: question.exercise, student: row.student, cell: question.grade_id});
  try {
    const found = await ask(`answer?${query}`);
    if (mine !== turn) return;  // somebody went on meanwhile
    fill(row, found);
    at("notebook").href = `notebook?${query}`;
    say("");
  } catch (error) {
    if (mine !== turn) return;
    fill(row, null);
    say(error.message, true);
  }
}

function fill(row, found) {
  shown = found && {row, seen: found.seen, score: found.by_hand ? found.score : null, comment: found.comment};
  if (!found) shown = {row, seen: null, score: null, comment: ""};
  at("student").textContent = row.name;
  at("state").textContent = row.name === row.student ? "" : row.student;
  at("answer").innerHTML = found ? found.html : "";
  if (found && !found.edited) {
    at("answer").insertAdjacentHTML("afterbegin", '<p class="empty">Nothing was written: nbgrader gives 0 points by itself.</p>');
  }
  if (found && found.by_hand && found.open) at("state").textContent += " The answer has changed since it was marked.";
  at("points").value = shown.score ?? "";
  at("comment").value = shown.comment;
  for (const id of ["points", "comment"]) at(id).disabled = !found;
  at("answer").scrollTop = 0;
  if (matchMedia("(max-width: 760px)").matches) scrollTo(0, 0);
  invalid(false);
  quick();
  formulas(at("answer"));
  progress();
}

// --- points and comment

function invalid(wrong) { at("points").setAttribute("aria-invalid", wrong); }

function points() {
  const text = at("points").value.trim().replace(",", ".");
  if (text === "") return null;
  return /^\d*\.?\d+$|^\d+\.$/.test(text) ? Number(text) : NaN;
}

function quick() {
  const box = at("quick"), whole = Math.floor(question.points);
  if (box.children.length !== whole + 1) {
    box.replaceChildren(...Array.from({length: whole + 1}, (_, k) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = k;
      button.setAttribute("aria-label", `${k} points`);
      button.addEventListener("click", () => give(k));
      return button;
    }));
  }
  [...box.children].forEach((button, k) => button.setAttribute("aria-pressed", points() === k));
}

function give(value) {
  if (at("points").disabled || value > question.points) return;
  at("points").value = value;
  save();
}

function save() {
  clearTimeout(timer);
  saving = saving.then(saveNow, saveNow);  // one after the other, each with what is there then
  return saving;
}

async function saveNow() {
  quick();
  if (!shown || shown.seen === null) return true;
  const mine = shown, score = points(), comment = at("comment").value;
  if (score === mine.score && comment === mine.comment) return true;
  if (Number.isNaN(score) || score > question.points) {
    invalid(true);
    say(`Points go from 0 to ${question.points}, such as 2 or 2.5; nothing was saved.`, true);
    return false;
  }
  invalid(false);
  const sent = {exercise: question.exercise, student: mine.row.student, cell: question.grade_id, seen: mine.seen, score, comment};
  try {
    const found = await ask("mark", sent);
    Object.assign(mine, {score, comment});
    Object.assign(mine.row, {marked: !found.open, given: score});
    say(score === null ? "Saved: not marked." : `Saved: ${score} of ${question.points} points.`);
    progress();
    return true;
  } catch (error) {
    say(error.status === 409 ? `${error.message} Reload the page.` : error.message, true);
    return false;
  }
}

function changed() {
  return shown && shown.seen !== null && (points() !== shown.score || at("comment").value !== shown.comment);
}

async function go(step) {
  const target = neighbour(step);  // before saving: what is marked leaves the list of the unmarked
  if (!(await save())) return;
  if (target) await show(target);
  else say(step > 0 ? "Saved. This was the last one." : "This is the first one.");
}

// --- what the teacher does

function pressed(event) {
  const field = event.target.matches("textarea, input:not([type=checkbox]), select");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey || event.target === at("points"))) go(1);
  else if (event.key === "Escape" && field) event.target.blur();
  else if (field || event.ctrlKey || event.metaKey || event.altKey) return;
  else if (event.key === "ArrowRight") go(1);
  else if (event.key === "ArrowLeft") go(-1);
  else if (/^\d$/.test(event.key)) give(Number(event.key));
  else if (event.key === "c" || event.key === "C") at("comment").focus();
  else return;
  event.preventDefault();
}

function listen() {
  at("question").addEventListener("change", (event) => choose(Number(event.target.value)));
  at("waiting").addEventListener("change", progress);
  at("previous").addEventListener("click", () => go(-1));
  at("next").addEventListener("click", () => go(1));
  at("points").addEventListener("change", save);
  at("points").addEventListener("input", () => { invalid(false); quick(); });
  at("comment").addEventListener("change", save);
  at("comment").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(save, WAIT); });
  document.addEventListener("keydown", pressed);
  addEventListener("beforeunload", (event) => { if (changed()) event.preventDefault(); });
}

async function start() {
  const script = document.createElement("script");
  script.src = "formulas.js";
  script.addEventListener("load", () => window.MathJax.startup.promise.then(() => formulas(document.querySelector("main"))));
  document.head.append(script);
  try {
    for (const exercise of await ask("exercises")) {
      const found = await ask(`questions?${new URLSearchParams({exercise})}`);
      questions.push(...found.filter((each) => each.rows.length).map((each) => ({...each, exercise})));
    }
  } catch (error) {
    say(error.message, true);
    return;
  }
  if (!questions.length) { say("There is nothing to mark by hand in this folder."); return; }
  at("question").replaceChildren(...questions.map((_, k) => new Option("", k)));
  listen();
  const wanted = new URLSearchParams(location.search).get("exercise");
  const named = questions.findIndex((each) => each.exercise === wanted);
  const open = questions.findIndex((each) => each.rows.some(waiting));
  await choose(named >= 0 ? named : Math.max(open, 0));
}

start();
