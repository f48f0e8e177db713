// The listening test's page. Everything that comes from the server is set as text, never as HTML.

import { Player } from "/player.js";

const CHOICES = [["a", "Text A"], ["tie", "About the same"], ["b", "Text B"]];
const RETRY_S = [1, 2, 5, 10];
const SEEK_S = 2;

const byId = (id) => document.getElementById(id);
const player = new Player(heard, broken);
let test = null;
let task = null;
let answers = {};
let unsaved = 0;
let saving = Promise.resolve();
let warnedOf = "";

class Refused extends Error {}

async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  const response = await fetch(path, { cache: "no-store", ...options });
  const data = await response.json();
  if (response.ok) return data;
  if (response.status >= 500) throw new Error(data.error);
  const refused = new Refused(data.error);
  refused.status = response.status;
  throw refused;
}

function notice(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

function show(view) {
  for (const id of ["welcome", "task", "end"]) byId(id).hidden = id !== view;
  byId("who").hidden = view === "welcome";
  window.scrollTo(0, 0);
}

// Runs what may fail for want of a connection until it works, telling the rater meanwhile.
async function untilDone(action, message) {
  for (let tries = 0; ; tries += 1) {
    try {
      const result = await action();
      if (tries) notice("");
      return result;
    } catch (error) {
      if (error instanceof Refused) throw error;
      notice(message);
      const seconds = RETRY_S[Math.min(tries, RETRY_S.length - 1)];
      await new Promise((resolve) => { setTimeout(resolve, 1000 * seconds); });
    }
  }
}

async function start() {
  test = await untilDone(() => ask("/api/test"), "The test can't be reached. Trying again…");
  document.title = test.title;
  byId("title").textContent = test.title;
  buildQuestions();
  if (test.rater === null) welcome();
  else await proceed();
}

function welcome() {
  const paragraphs = test.introduction.map((text) => {
    const paragraph = document.createElement("p");
    paragraph.textContent = text;
    return paragraph;
  });
  byId("introduction").replaceChildren(...paragraphs);
  byId("amount").textContent = `You will be asked about ${test.questions} ${test.questions === 1 ? "piece" : "pieces"}.`;
  byId("entry-label").textContent = test.closed ? "Your code" : "Your name, or any name of your choice";
  byId("entry-hint").textContent = test.closed
    ? "It also lets you go on later." : "The same name lets you go on later, also on another device.";
  const code = decodeURIComponent(location.hash.replace(/^#code=/, ""));
  if (test.closed && code) byId("name").value = code;
  show("welcome");
  byId("name").focus();
}

async function join(event) {
  event.preventDefault();
  const name = byId("name").value;
  try {
    await untilDone(
      () => ask("/api/join", { name, again: name === warnedOf }), "The test can't be reached. Trying again…",
    );
    notice("");
    test = await ask("/api/test");
    await proceed();
  } catch (error) {
    if (error.status === 409) warnedOf = name;
    notice(error.message);
  }
}

async function leave() {
  await saving;
  player.stop();
  await ask("/api/leave", {});
  byId("name").value = "";
  welcome();
}

function buildQuestions() {
  const sets = test.aspects.map((aspect, number) => {
    const set = document.createElement("fieldset");
    set.id = aspect.key;
    const legend = document.createElement("legend");
    legend.textContent = `${number + 1}. ${aspect.question}`;
    const hint = document.createElement("p");
    hint.className = "faint";
    hint.textContent = aspect.hint;
    const row = document.createElement("div");
    row.className = "choices";
    row.append(...CHOICES.map(([choice, text]) => choiceButton(aspect.key, choice, text)));
    set.append(legend, hint, row);
    return set;
  });
  byId("questions").replaceChildren(...sets);
}

function choiceButton(aspect, choice, text) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "radio";
  input.name = aspect;
  input.value = choice;
  input.addEventListener("change", () => answer(aspect, choice));
  const words = document.createElement("span");
  words.textContent = text;
  label.append(input, words);
  return label;
}

// The question that the rater has got to, or the one at a place before it.
async function proceed(place) {
  try {
    const path = place === undefined ? "/api/question" : `/api/question?place=${place}`;
    const found = await untilDone(() => ask(path), "The next question can't be reached. Trying again…");
    byId("rater").textContent = test.rater;
    if (found.finished) finish();
    else pose(found);
  } catch (error) {
    if (error.status === 401) welcome();
    else notice(error.message);
  }
}

function pose(found) {
  task = found;
  answers = { ...found.answers };
  notice("");
  byId("text-a").textContent = task.a;
  byId("text-b").textContent = task.b;
  byId("place").textContent = `${task.place} of ${task.of}`;
  progress(task.place - 1, task.of);
  byId("back").disabled = task.place === 1;
  byId("saved").textContent = "";
  player.load(task.audio, task.duration_s);
  refresh();
  show("task");
  if (document.activeElement) document.activeElement.blur();
}

function progress(done, of) {
  byId("bar").setAttribute("aria-valuemax", of);
  byId("bar").setAttribute("aria-valuenow", done);
  byId("bar-done").style.width = `${(100 * done) / of}%`;
}

function finish() {
  task = null;
  player.stop();
  show("end");
}

const listenFirst = () => Math.min(test.listen_first_s, 0.9 * task.duration_s);
const mayAnswer = () => player.listenedS >= listenFirst() || Object.keys(task.answers).length > 0;
const current = () => test.aspects.map((each) => each.key).find((key) => !(key in answers));

function refresh() {
  const open = mayAnswer();
  byId("listen").textContent = open ? "" : "Listen first: you can answer after a few seconds of music.";
  for (const { key } of test.aspects) {
    const set = byId(key);
    set.disabled = !open;
    set.classList.toggle("current", open && key === current());
    for (const input of set.querySelectorAll("input")) input.checked = answers[key] === input.value;
  }
  byId("next").disabled = current() !== undefined || unsaved > 0;
}

function heard() {
  if (task && byId(test.aspects[0].key).disabled && mayAnswer()) refresh();
}

function broken() {
  notice("The music can't be played. Trying again in a moment…");
  setTimeout(() => { notice(""); player.reload(); }, 3000);
}

// Answers are sent at once, one after another, and again until the server has them.
function answer(aspect, choice) {
  if (!task || !mayAnswer()) return;
  answers[aspect] = choice;
  unsaved += 1;
  const body = { task: task.task, aspect, choice, listened_s: player.listenedS };
  byId("saved").textContent = "Saving…";
  refresh();
  saving = saving.then(async () => {
    try {
      await untilDone(() => ask("/api/answer", body), "Your answer isn't saved yet: no connection. Trying again…");
      byId("saved").textContent = "Saved";
    } catch (error) {
      byId("saved").textContent = "";
      notice(error.status === 401 ? "You were signed out elsewhere. Load this page again." : error.message);
    } finally {
      unsaved -= 1;
      refresh();
    }
  });
}

async function next() {
  if (!task || byId("next").disabled) return;
  byId("next").disabled = true;
  await proceed(task.is_last ? undefined : task.place + 1);
}

async function back() {
  if (!task || task.place === 1) return;
  await saving;
  await proceed(task.place - 1);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("task").hidden) return;
  const target = event.target;
  if (target.id === "seek" && event.key.startsWith("Arrow")) return;
  if (target.tagName === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const number = ["1", "2", "3"].indexOf(key);
  if (number >= 0) {
    const open = current() ?? test.aspects[test.aspects.length - 1].key;
    if (!event.repeat) answer(open, CHOICES[number][0]);
  } else if (key === " ") player.toggle();
  else if (key === "r") player.replay();
  else if (key === "ArrowLeft" && target.type !== "radio") player.seekBy(-SEEK_S);
  else if (key === "ArrowRight" && target.type !== "radio") player.seekBy(SEEK_S);
  else if (key === "Enter") next();
  else if (key === "Backspace") back();
  else return;
  event.preventDefault();
}

byId("entry").addEventListener("submit", join);
byId("questions").addEventListener("submit", (event) => event.preventDefault());
byId("leave").addEventListener("click", leave);
byId("next").addEventListener("click", next);
byId("review").addEventListener("click", () => proceed(test.questions));
byId("back").addEventListener("click", back);
document.addEventListener("keydown", onKey);
document.addEventListener("click", (event) => { // after a click by hand the keys belong to the page, not to the button
  if (event.detail > 0 && byId("task").contains(event.target)) document.activeElement.blur();
});
window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
start();
