// The conversation as it is drawn: text is only ever set as text, never as markup.
const LINK = /https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}»]/g;

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function safeAddress(url) {
  try {
    const address = new URL(url, location.href);
    return ["https:", "http:"].includes(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
}

// A message's text, with its addresses as links.
function linked(text, texts) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    parts.push(text.slice(from, found.index), away(found[0], found[0], texts));
    from = found.index + found[0].length;
  }
  return [...parts, text.slice(from)];
}

// A message's text as its reader's own clock has it: what the desk said of its clock stands behind it.
function written({ text, instants }, texts) {
  const longest = [...(instants ?? [])].sort((one, other) => other.words.length - one.words.length);
  const clocked = longest.reduce((parts, instant) => parts.flatMap((part) => timed(part, instant, texts)), [text]);
  return clocked.flatMap((part) => (typeof part === "string" ? linked(part, texts) : part));
}

function timed(part, { words, at, day }, texts) {
  if (typeof part !== "string") return part;
  const local = () => element("time", { datetime: at, title: words }, texts.instant(new Date(at), words, day));
  return part.split(words).flatMap((piece, index) => (index ? [local(), piece] : piece));
}

function away(url, label, texts) {
  const address = safeAddress(url);
  if (!address) return label;
  const unseen = element("span", { class: "unseen" }, ` ${texts.say("link.opens")}`);
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label, unseen);
}

export class View {
  constructor(log, texts, requests, chosen) {
    this.log = log;
    this.texts = texts;
    this.requests = requests;
    this.chosen = chosen;
    this.messages = [];
    this.drawn = new Map();
    this.quiet = false;
  }

  clear() {
    this.messages = [];
    this.drawn.clear();
    this.log.replaceChildren();
    this.requests.clear();
  }

  // Take away what was said up to a message; what is still to be sent stays.
  hide(id) {
    this.messages = this.messages.filter((message) => !message.id || message.id > id);
    this.redraw();
  }

  // Draw everything again, as when the language changes.
  redraw() {
    const messages = this.messages;
    this.quietly(() => {
      this.clear();
      for (const message of messages) this.add(message);
    });
  }

  // History is not read out: only what is new is.
  quietly(work) {
    this.log.setAttribute("aria-live", "off");
    this.quiet = true;
    work();
    this.quiet = false;
    requestAnimationFrame(() => this.log.setAttribute("aria-live", "polite"));
  }

  has(message) {
    return this.messages.some((one) => (message.id && one.id === message.id) || (message.client_id && one.client_id === message.client_id));
  }

  // The same message twice is one: an id or a client id that is known only settles what is drawn.
  add(message) {
    if (this.has(message)) {
      if (message.client_id && message.id) this.stored(message.client_id, message.id);
      return;
    }
    this.endChoices();
    this.daybreak(message);
    this.messages.push(message);
    const drawn = this.draw(message);
    if (message.client_id) this.drawn.set(message.client_id, drawn);
    this.log.append(drawn);
    if (message.requests?.length) this.requests.show(this.messages, this.quiet);
  }

  daybreak(message) {
    const last = this.messages.at(-1);
    const day = new Date(message.at).toDateString();
    const before = last ? new Date(last.at).toDateString() : new Date().toDateString();
    if (day !== before) this.log.append(element("p", { class: "day" }, this.texts.day(new Date(message.at))));
  }

  draw(message) {
    const drawn = element("article", { class: `message ${message.from}`, "data-id": message.id });
    if (!this.follows(message)) drawn.append(this.byline(message));
    else drawn.classList.add("follows");
    const text = message.from === "you" ? [this.own(message)] : written(message, this.texts);
    drawn.append(element("div", { class: "bubble" }, ...text));
    drawn.append(this.about(message));
    if (message.choices?.length) drawn.append(this.choices(message.choices));
    if (message.state) drawn.append(this.note(message.state));
    return drawn;
  }

  // Whoever goes on speaking within two minutes is not announced again.
  follows(message) {
    const last = this.messages.at(-2);
    return last?.from === message.from && last.name === message.name && new Date(message.at) - new Date(last.at) < 120_000;
  }

  byline(message) {
    const at = new Date(message.at);
    const name = (message.from !== "you" && message.name) || this.texts.say(`from.${message.from}`);
    const byline = element("p", { class: "byline" }, element("span", { class: "name" }, name));
    const role = `role.${message.from}`;
    if (this.texts.has(role)) byline.append(" ", element("span", { class: "role" }, this.texts.say(role)));
    byline.append(" ", element("time", { datetime: at.toISOString() }, this.texts.time(at)));
    return byline;
  }

  // A button that was pressed reads as its label, also when the history comes back.
  own(message) {
    if (message.label) return message.label;
    if (message.text === "human") return this.texts.say("person.said");
    const asked = this.messages.filter((one) => one !== message && one.choices?.length).at(-1);
    return asked?.choices.find((choice) => choice.value === message.text)?.label ?? message.text;
  }

  choices(choices) {
    const group = element("div", { class: "choices", role: "group", "aria-label": this.texts.say("choices") });
    for (const choice of choices) group.append(choice.url ? this.opener(choice) : this.button(choice));
    return group;
  }

  opener(choice) {
    const link = away(choice.url, choice.label, this.texts);
    if (typeof link !== "string") link.className = "choice";
    return link;
  }

  button(choice) {
    const button = element("button", { type: "button", class: "choice" }, choice.label);
    button.addEventListener("click", () => this.chosen(choice));
    return button;
  }

  // Buttons belong to the last message; the links under earlier ones stay.
  endChoices() {
    for (const button of this.log.querySelectorAll("button.choice")) button.remove();
    for (const group of this.log.querySelectorAll(".choices:empty")) group.remove();
  }

  // Which request a message is about, in words, where its own text does not say so: its card stands in the strip.
  about({ text, requests }) {
    const unsaid = (requests ?? []).map(({ ref }) => ref).filter((ref) => !text.includes(ref));
    const refs = unsaid.join(", ");
    return unsaid.length ? element("p", { class: "about" }, this.texts.say("about", { refs })) : "";
  }

  note(state) {
    if (state.refused) return this.refusal(state);
    return element("p", { class: "fate" }, this.texts.say(state.key));
  }

  refusal({ refused, edit }) {
    const note = element("p", { class: "fate refused", role: "alert" }, refused);
    if (edit) {
      const button = element("button", { type: "button", class: "quiet" }, this.texts.say("failed.edit"));
      button.addEventListener("click", edit);
      note.append(" ", button);
    }
    return note;
  }

  // Say below a message of one's own what has become of it; nothing once it is stored.
  fate(clientId, state) {
    const message = this.messages.find((one) => one.client_id === clientId);
    const drawn = this.drawn.get(clientId);
    if (!message || !drawn) return;
    message.state = state;
    drawn.querySelector(".fate")?.remove();
    if (state) drawn.append(this.note(state));
  }

  stored(clientId, id) {
    const message = this.messages.find((one) => one.client_id === clientId);
    if (message) message.id = id;
    this.fate(clientId, null);
  }

  remove(clientId) {
    this.messages = this.messages.filter((one) => one.client_id !== clientId);
    this.drawn.get(clientId)?.remove();
    this.drawn.delete(clientId);
  }
}
