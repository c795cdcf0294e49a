// The words of the panel, and how dates read in the chosen language.
const LOCALES = { en: "en-GB", fr: "fr-FR" };

export class Texts {
  constructor(catalogues, language) {
    this.catalogues = catalogues;
    this.use(language);
  }

  use(locale) {
    this.language = String(locale).toLowerCase().startsWith("fr") ? "fr" : "en";
  }

  has(key) {
    return Object.hasOwn(this.catalogues[this.language], key);
  }

  say(key, values = {}) {
    const text = this.catalogues[this.language][key];
    return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  }

  number(value) {
    return new Intl.NumberFormat(LOCALES[this.language]).format(value);
  }

  // A calendar date ("2026-12-24") is the same day wherever the reader is.
  date(day) {
    const [year, month, date] = day.split("-").map(Number);
    const look = { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
    return this.written(look, Date.UTC(year, month - 1, date));
  }

  day(instant) {
    return this.written({ weekday: "long", day: "numeric", month: "long" }, instant);
  }

  // French counts the first of a month, "1er", and no other day: browsers write a plain 1.
  written(look, at) {
    const parts = new Intl.DateTimeFormat(LOCALES[this.language], look).formatToParts(at);
    return parts.map(({ type, value }) => (type === "day" && value === "1" ? this.say("date.first") : value)).join("");
  }

  time(instant) {
    return new Intl.DateTimeFormat(LOCALES[this.language], { hour: "2-digit", minute: "2-digit" }).format(instant);
  }

  // An instant by the reader's clock; whose clock that is stands there where the desk's shows another time.
  instant(at, words, withDay) {
    const time = this.time(at);
    const day = this.written({ day: "numeric", month: "long", year: "numeric" }, at);
    const here = withDay ? this.say("moment", { day, time }) : time;
    return words.includes(here) ? here : this.say("moment.here", { moment: here });
  }

  // Fill every element that names a text; the page holds no words of its own.
  fill(root) {
    root.documentElement.lang = this.language;
    root.title = this.say("title");
    for (const element of root.querySelectorAll("[data-text]")) element.textContent = this.say(element.dataset.text);
    for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", this.say(element.dataset.label));
    for (const element of root.querySelectorAll("[data-placeholder]")) element.placeholder = this.say(element.dataset.placeholder);
  }
}
