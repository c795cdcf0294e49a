// Keys, focus and refreshing for the console; every page works without it.
"use strict";

const KEYS_OFF = "console-keys-off";
const POLL_MS = 3000;
const keysAreOn = () => localStorage.getItem(KEYS_OFF) === null;
const rows = [...document.querySelectorAll("[data-row]")];
const help = document.getElementById("help");

function move(by) {
  const now = rows.indexOf(document.activeElement);
  const next = now < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(now + by, 0), rows.length - 1);
  rows[next]?.focus();
}

function press(key) {
  const target = document.querySelector(`[data-key="${key}"]`);
  if (!target) return;
  target.focus();
  if (target.tagName === "A") target.click();
  if (target.tagName === "SUMMARY") {
    target.parentElement.open = true;
    target.parentElement.querySelector("textarea")?.focus();
  }
}

function isWriting(element) {
  return element.closest("input, textarea, select, dialog") !== null;
}

function onKey(event) {
  if (!keysAreOn() || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
  const acts = { j: () => move(1), k: () => move(-1), "?": () => help?.showModal(), a: () => press("a"), r: () => press("r"), u: () => press("u") };
  if (acts[event.key]) {
    event.preventDefault();
    acts[event.key]();
  }
}

function showKeys() {
  const which = keysAreOn() ? "on" : "off";
  for (const state of document.querySelectorAll("[data-keys-state]")) state.textContent = state.dataset[which];
  for (const button of document.querySelectorAll("[data-toggle-keys]")) {
    button.textContent = button.dataset[which];
    button.hidden = false;
  }
}

function toggleKeys() {
  if (keysAreOn()) localStorage.setItem(KEYS_OFF, "1");
  else localStorage.removeItem(KEYS_OFF);
  showKeys();
}

async function ask(url) {
  if (document.hidden) return null;
  try {
    const answer = await fetch(url, { headers: { Accept: "application/json" }, redirect: "error" });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null; // the desk restarts, or the session has ended: the next page says so
  }
}

async function lookForNewList(list) {
  const answer = await ask(list.dataset.poll);
  if (answer && answer.version !== list.dataset.version) list.querySelector("[hidden]")?.removeAttribute("hidden");
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

async function lookForNewMessages(talk) {
  const answer = await ask(`${talk.dataset.talk}?after=${talk.dataset.after}`);
  for (const message of answer?.messages ?? []) {
    const line = element("li", `entry ${message.kind}`, "");
    line.append(element("p", "head soft", `${message.who}, ${message.at}`), element("p", "text", message.text));
    line.lastChild.lang = "";
    talk.append(line);
    talk.dataset.after = message.id;
  }
}

document.addEventListener("keydown", onKey);
for (const button of document.querySelectorAll("[data-toggle-keys]")) button.addEventListener("click", toggleKeys);
for (const button of document.querySelectorAll("[data-help]")) {
  button.hidden = false;
  button.addEventListener("click", () => help.showModal());
}
for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => help.close());
for (const list of document.querySelectorAll("[data-poll]")) setInterval(lookForNewList, POLL_MS, list);
for (const talk of document.querySelectorAll("[data-talk]")) setInterval(lookForNewMessages, POLL_MS, talk);
document.querySelector("[data-focus]")?.focus();
showKeys();
