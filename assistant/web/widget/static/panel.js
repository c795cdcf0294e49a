// The panel: puts the connection, the conversation, the field and the host page together.
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { Host } from "./host.js";
import { Requests } from "./requests.js";
import { Memory } from "./storage.js";
import { Texts } from "./texts.js";
import { download } from "./transcript.js";
import { View } from "./view.js";

const TYPING_FOR = 6_000;
const PROBLEM_FOR = 12_000;
const LOOK_EVERY = 5_000;

const page = Object.fromEntries([...document.querySelectorAll("[id]")].map((element) => [element.id, element]));
const desk = JSON.parse(page.desk.textContent);
const memory = new Memory((lent) => host.tell({ type: "keep", lent }));
const texts = new Texts(desk.texts, document.documentElement.lang);
const view = new View(page.log, texts, new Requests(page, texts), chosen);
const composer = new Composer(page, texts, desk.maxText, { said, typing: () => connection.typing() });
const connection = new Connection(`${location.origin.replace("http", "ws")}/chat/ws`, memory, {
  state: showState,
  history: showHistory,
  hidden: hideUpTo,
  message: showMessage,
  stored: (clientId, id) => view.stored(clientId, id),
  held: (clientId) => view.fate(clientId, { key: "retrying" }),
  refused: showRefused,
  problem: showProblem,
  typing: showTyping,
});
const host = new Host(desk.sites, {
  kept: ({ lent }) => begin(lent),
  open: () => show(true),
  close: () => show(false),
  identify: ({ token }) => connection.identify(token),
  locale: ({ locale }) => speak(locale),
  reset: clear,
});
const timers = {};
let shown = false;
let hiddenUpTo = 0;

// ── opening, closing, language ──────────────────────────────────────────────────────────────────────

function show(open) {
  const opening = open && !shown;
  shown = open;
  if (!open) return;
  if (connection.state === "idle") connection.connect(texts.language);
  if (opening) arrive();
  read();
}

// A touch keyboard must not cover the notice before it was seen.
function arrive() {
  composer.measure();
  if (matchMedia("(pointer: coarse)").matches) page.title.focus({ preventScroll: true });
  else composer.focus();
  if (view.messages.length) bottom();
}

function close() {
  closeMenu();
  host.tell({ type: "close" });
}

function speak(locale) {
  texts.use(locale);
  memory.set("locale", texts.language);
  fill();
  view.redraw();
  composer.expect(composer.expects);
  connection.again(texts.language);
  host.tell({ type: "locale", locale: texts.language });
}

function fill() {
  const { controller } = desk;
  texts.fill(document);
  page["notice-automated"].textContent = texts.say("notice.automated", { controller });
  page["notice-invented"].textContent = texts.say("notice.invented", { controller });
  page["notice-invented"].hidden = !desk.invented;
  page["notice-link"].textContent = texts.say("notice.link");
  page["notice-link"].href = desk.privacyUrl;
  page["notice-contact"].textContent = texts.say("notice.contact", { contact: desk.contact });
  page["notice-contact"].hidden = !desk.contact;
  for (const button of page.menu.querySelectorAll("[data-locale]")) {
    button.setAttribute("aria-pressed", String(button.dataset.locale === texts.language));
  }
  showState(connection.state, connection.wait);
  composer.measure();
}

// ── what the person says ────────────────────────────────────────────────────────────────────────────

function said(text) {
  own({ type: "message", text }, text);
}

function chosen(choice) {
  own({ type: "choice", value: choice.value, label: choice.label }, choice.value, choice.label);
  composer.expect(null);
  composer.focus();
}

function own(item, text, label) {
  page.problem.hidden = true;
  const kept = connection.say(item);
  add(ownMessage({ ...kept, label }, text));
}

function ownMessage(item, text) {
  const key = connection.state === "open" ? "sending" : "waiting";
  return { from: "you", client_id: item.client_id, text, label: item.label, at: new Date().toISOString(), state: { key } };
}

function showRefused(clientId, why, item) {
  const text = item?.type === "message" ? item.text : null;
  const edit = () => {
    view.remove(clientId);
    composer.put(text);
  };
  view.fate(clientId, { refused: why, edit: text === null ? null : edit });
  bottom();
}

// ── what the desk says ──────────────────────────────────────────────────────────────────────────────

function add(message) {
  const near = isNear();
  const anew = !view.has(message);
  view.add(message);
  page.starters.hidden = view.messages.some((one) => one.from === "you");
  if (anew && (near || message.from === "you")) bottom();
}

// At once in every open page of a conversation: whoever sits here now may be somebody else.
function hideUpTo(id) {
  const comesBack = id < hiddenUpTo;
  if (id > hiddenUpTo) {
    view.hide(id);
    composer.expect(null);
  } else if (comesBack) view.clear();
  hiddenUpTo = id;
  return comesBack;
}

// By the page's own clock, as a phone that slept has heard nothing; the desk then says what may be seen.
function hideWhenIdle() {
  if (!view.messages.length || Date.now() < connection.hiddenAt) return;
  connection.hiddenAt = Infinity;
  view.clear();
  composer.expect(null);
  connection.whole();
}

function showHistory(messages, { ended }) {
  if (ended) view.clear();
  view.quietly(() => {
    for (const message of messages) add(message);
    for (const item of connection.outbox) add(ownMessage(item, item.text ?? item.value));
  });
  if (ended) showProblem(texts.say("state.ended"));
  const last = view.messages.at(-1);
  if (messages.length && last) composer.expect(last.from === "you" ? null : last.expects);
  if (messages.length) bottom();
  read();
}

function showMessage(message) {
  page.typing.hidden = true;
  add(message);
  if (message.from !== "you") composer.expect(message.expects);
  read();
}

function showTyping(from) {
  const near = isNear();
  page["typing-text"].textContent = texts.say(texts.has(`typing.${from}`) ? `typing.${from}` : "typing.assistant");
  page.typing.hidden = false;
  after("typing", TYPING_FOR, () => (page.typing.hidden = true));
  if (near) bottom();
}

function showProblem(text) {
  page.problem.textContent = text;
  page.problem.hidden = false;
  after("problem", PROBLEM_FOR, () => (page.problem.hidden = true));
}

function showState(state, wait) {
  const lost = state === "waiting" || state === "offline" || (state === "connecting" && connection.failures > 0);
  page.dot.dataset.state = state;
  page["state-short"].textContent = state === "open" || state === "idle" ? desk.controller : texts.say("state.connecting");
  page.banner.hidden = !lost;
  page.retry.hidden = state === "connecting";
  if (lost) page["banner-text"].textContent = texts.say(`state.${state}`, { seconds: wait });
}

// ── read and unread ─────────────────────────────────────────────────────────────────────────────────

function read() {
  const others = view.messages.filter((message) => message.from !== "you" && message.id);
  const seen = memory.get("seen") ?? 0;
  const last = Math.max(seen, ...others.map((message) => message.id));
  const visible = shown && !document.hidden;
  if (visible && last > seen) connection.seen(last);
  host.tell({ type: "unread", count: visible ? 0 : others.filter((message) => message.id > seen).length });
}

function isNear() {
  return page.scroll.scrollHeight - page.scroll.scrollTop - page.scroll.clientHeight < 80;
}

function bottom() {
  requestAnimationFrame(() => page.scroll.scrollTo({ top: page.scroll.scrollHeight }));
}

function after(name, wait, work) {
  clearTimeout(timers[name]);
  timers[name] = setTimeout(work, wait);
}

// ── the menu ────────────────────────────────────────────────────────────────────────────────────────

function openMenu() {
  page.menu.hidden = false;
  page["menu-button"].setAttribute("aria-expanded", "true");
  page.menu.querySelector("button").focus();
}

function closeMenu() {
  if (page.menu.hidden) return false;
  page.menu.hidden = true;
  page["menu-button"].setAttribute("aria-expanded", "false");
  return true;
}

function clear() {
  connection.forget();
  hiddenUpTo = 0;
  view.clear();
  composer.expect(null);
  page.starters.hidden = false;
  page.scroll.scrollTo({ top: 0 });
  read();
  if (shown) connection.connect(texts.language);
}

function escape() {
  if (page.sure.open) return;
  if (closeMenu()) page["menu-button"].focus();
  else close();
}

page["menu-button"].addEventListener("click", () => (page.menu.hidden ? openMenu() : closeMenu()));
page.menu.addEventListener("focusout", (event) => {
  const still = page.menu.contains(event.relatedTarget) || event.relatedTarget === page["menu-button"];
  if (event.relatedTarget && !still) closeMenu();
});
page.scroll.addEventListener("click", closeMenu);
page["requests-summary"].addEventListener("click", () => isNear() && bottom());
for (const button of page.menu.querySelectorAll("[data-locale]")) {
  button.addEventListener("click", () => speak(button.dataset.locale));
}
page.transcript.addEventListener("click", () => {
  closeMenu();
  page["menu-button"].focus();
  download(view.messages, texts, desk.controller, (message) => (message.from === "you" ? view.own(message) : message.text));
});
page.end.addEventListener("click", () => {
  closeMenu();
  page.sure.showModal();
});
page["sure-no"].addEventListener("click", () => page.sure.close());
page["sure-yes"].addEventListener("click", () => {
  page.sure.close();
  clear();
  showProblem(texts.say("end.done"));
  composer.focus();
});
page.sure.addEventListener("close", () => page["menu-button"].focus());
page.close.addEventListener("click", close);
page.retry.addEventListener("click", () => connection.connect());
page.person.addEventListener("click", () => chosen({ value: "human", label: texts.say("person.said") }));
for (const button of page.starters.querySelectorAll("[data-starter]")) {
  button.addEventListener("click", () => {
    said(texts.say(`starter.${button.dataset.starter}.said`));
    composer.focus();
  });
}
addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && escape());
document.addEventListener("visibilitychange", hideWhenIdle);
document.addEventListener("visibilitychange", read);
addEventListener("pageshow", hideWhenIdle);
addEventListener("focus", hideWhenIdle);
setInterval(hideWhenIdle, LOOK_EVERY);

// ── begin ───────────────────────────────────────────────────────────────────────────────────────────

function begin(lent) {
  memory.restore(lent);
  texts.use(memory.get("locale") ?? texts.language);
  fill();
  page.panel.hidden = false;
  page.close.hidden = !host.site;
  host.tell({ type: "locale", locale: texts.language });
  if (connection.known) connection.connect(texts.language);
  if (!host.site) show(true);
}

if (host.site) host.tell({ type: "ready" });
else begin(null);
