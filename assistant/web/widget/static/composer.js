// The field a person writes in: a text that grows, or one line when the desk waits for an address or a code.
const LINES = {
  email: { type: "email", inputmode: "email", autocomplete: "email" },
  client_id: { type: "text", inputmode: "text", autocomplete: "off" },
  code: { type: "text", inputmode: "numeric", autocomplete: "one-time-code" },
};
const NEAR = 0.9;

export class Composer {
  constructor(page, texts, limit, { said, typing }) {
    this.page = page;
    this.texts = texts;
    this.limit = limit;
    this.said = said;
    this.expects = null;
    page.compose.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    page.text.addEventListener("keydown", (event) => this.key(event));
    for (const field of [page.text, page.line]) {
      field.addEventListener("input", () => {
        this.measure();
        if (field.value) typing();
      });
    }
    page.free.addEventListener("click", () => {
      this.expect(null);
      this.focus();
    });
  }

  get field() {
    return this.page.line.hidden ? this.page.text : this.page.line;
  }

  key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit();
  }

  submit() {
    const text = this.field.value.trim();
    if (!text || this.over() > 0) return this.field.focus();
    this.field.value = "";
    this.measure();
    this.said(text);
    if (this.expects) this.expect(null);
    this.focus();
  }

  // Show the field that fits what the desk waits for; what was being written stays.
  expect(expects) {
    const { page, texts } = this;
    const look = LINES[expects];
    const had = document.activeElement === this.field;
    if (look && page.text.value) return;
    this.expects = look ? expects : null;
    page.line.hidden = page.hint.hidden = !look;
    page.text.hidden = page["text-label"].hidden = Boolean(look);
    page.line.value = "";
    if (look) {
      for (const [name, value] of Object.entries(look)) page.line.setAttribute(name, value);
      page["line-label"].textContent = texts.say(`compose.${expects}`);
    }
    page["text-label"].textContent = page.text.placeholder = texts.say(expects === "detail" ? "compose.detail" : "compose.hint");
    page.field.classList.toggle("code", expects === "code");
    this.measure();
    if (had) this.focus();
  }

  put(text) {
    this.expect(null);
    this.page.text.value = text;
    this.measure();
    this.focus();
  }

  focus() {
    this.field.focus();
  }

  over() {
    return [...this.field.value].length - this.limit;
  }

  measure() {
    const { page, texts } = this;
    page.text.style.height = "auto";
    page.text.style.height = `${page.text.scrollHeight}px`;
    const over = this.over();
    const near = over > -this.limit * (1 - NEAR);
    const values = { used: texts.number(this.limit + over), limit: texts.number(this.limit), over: texts.number(over) };
    page.counter.textContent = near ? texts.say(over > 0 ? "counter.over" : "counter", values) : "";
    page.counter.classList.toggle("over", over > 0);
    page.keys.hidden = near;
    page.send.setAttribute("aria-disabled", String(over > 0 || !this.field.value.trim()));
  }
}
