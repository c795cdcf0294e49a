// The requests of a conversation: each stands once, in a strip that later messages change in place.
import { element } from "./view.js";

const ROOM = "(min-height: 40rem)"; // below that the strip begins closed: the conversation needs the place
const COPIED_FOR = 4_000;
const CLOSED = new Set(["answered", "partly_answered", "refused", "withdrawn", "joined", "forwarded", "lapsed"]); // no answer is due any more

export class Requests {
  constructor(page, texts) {
    this.strip = page.requests;
    this.fold = page["requests-fold"];
    this.summary = page["requests-summary"];
    this.list = page["requests-list"];
    this.news = page["requests-news"];
    this.texts = texts;
    this.known = new Map();
    this.cards = new Map();
    this.folded = null; // as the person left it, once they touched it
    this.summary.addEventListener("click", () => (this.folded = this.fold.open));
  }

  // Show what these messages, and no others, say last of each request; a change is read out unless it is history.
  show(messages, quiet) {
    const latest = new Map(messages.flatMap(({ requests }) => (requests ?? []).map((request) => [request.ref, request])));
    for (const ref of this.known.keys()) if (!latest.has(ref)) this.forget(ref);
    for (const request of latest.values()) this.draw(request, quiet);
    this.known = latest;
    this.head();
  }

  // Draw everything anew, as in another language.
  clear() {
    this.known.clear();
    this.cards.clear();
    this.list.replaceChildren();
    this.news.textContent = "";
    this.head();
  }

  forget(ref) {
    this.cards.get(ref).remove();
    this.cards.delete(ref);
    this.news.textContent = "";
  }

  draw(request, quiet) {
    const before = this.known.get(request.ref);
    if (before?.status === request.status && before.due_on === request.due_on) return;
    const card = this.cards.get(request.ref) ?? this.card(request);
    card.querySelector(".status dd").textContent = this.named("status", request.status);
    card.querySelector(".due").hidden = !request.due_on || CLOSED.has(request.status);
    card.querySelector(".due dd").replaceChildren(this.day(request.due_on));
    const told = { ref: request.ref, status: this.named("status", request.status) };
    if (before && !quiet) this.news.textContent = this.texts.say("requests.changed", told);
  }

  head() {
    const requests = [...this.known.values()];
    const one = requests.length === 1;
    this.strip.hidden = !requests.length;
    this.strip.classList.toggle("one", one);
    const [{ right, status } = {}] = requests;
    const title = one ? this.title(right) : this.texts.say("requests.many", { count: this.texts.number(requests.length) });
    const stands = element("span", { class: "stands" }, one ? this.named("status", status) : "");
    this.summary.replaceChildren(element("span", { class: "right" }, title), " ", stands);
    this.fold.open = this.folded === null ? one && matchMedia(ROOM).matches : !this.folded;
  }

  named(table, name) {
    return this.texts.has(`${table}.${name}`) ? this.texts.say(`${table}.${name}`) : "";
  }

  title(right) {
    return this.named("right", right) || this.texts.say("request");
  }

  day(dueOn) {
    return dueOn ? element("time", { datetime: dueOn }, this.texts.date(dueOn)) : "";
  }

  card({ ref, right }) {
    const { texts } = this;
    const card = element("li", { class: "request", "aria-label": `${texts.say("request")} ${ref}` });
    const code = element("code", {}, ref);
    const line = (key, ...said) =>
      element("div", { class: key }, element("dt", {}, texts.say(`request.${key}`)), element("dd", {}, ...said));
    const list = element("dl", {}, line("ref", code, this.copier(ref, code)), line("due"), line("status"));
    card.append(element("p", { class: "right" }, this.title(right)), list);
    this.cards.set(ref, card);
    this.list.append(card);
    return card;
  }

  copier(ref, code) {
    const { texts } = this;
    const button = element("button", { type: "button", class: "copy", "aria-label": texts.say("request.copy_label", { ref }) });
    button.append(texts.say("request.copy"));
    const said = element("span", { class: "copied", role: "status" });
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(ref);
        said.textContent = texts.say("request.copied");
      } catch {
        getSelection().selectAllChildren(code);
        said.textContent = texts.say("request.copy_by_hand");
      }
      setTimeout(() => said.replaceChildren(), COPIED_FOR);
    });
    const both = document.createDocumentFragment();
    both.append(button, said);
    return both;
  }
}
