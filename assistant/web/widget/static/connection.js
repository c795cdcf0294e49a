// The socket: connects, comes back, and keeps what is not acknowledged until it is.
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
const FLOOD_WAIT = 60_000;
const ACK_WAIT = 12_000;
const RETRY_WAIT = 3_000;
const TYPING_EVERY = 3_000;
const TOKEN_FOR = 240_000; // the host's page-load tokens live five minutes at most
const RETRIED = new Set(["too_fast", "store_unavailable"]);

function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Only secure pages have randomUUID; a desk tried on a plain address still works.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Connection {
  constructor(url, memory, heard) {
    this.url = url;
    this.memory = memory;
    this.heard = heard;
    this.locale = "en";
    this.socket = null;
    this.state = "idle";
    this.failures = 0;
    this.after = null;
    this.timers = new Map();
    this.lastTyping = 0;
    this.token = null;
    this.idleFor = Infinity; // milliseconds without a word of the person, then what was said is hidden
    this.hiddenAt = Infinity;
    addEventListener("online", () => this.state !== "idle" && this.connect());
    addEventListener("offline", () => this.state !== "idle" && this.drop());
  }

  get outbox() {
    return this.memory.get("outbox") ?? [];
  }

  get known() {
    return this.memory.get("session") !== null;
  }

  connect(locale = this.locale) {
    this.locale = locale;
    this.later("connect", null);
    if (this.socket) return;
    this.move("connecting");
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.addEventListener("open", () => this.hello(socket));
    socket.addEventListener("message", (event) => socket === this.socket && this.frame(event.data));
    socket.addEventListener("close", (event) => socket === this.socket && this.lost(event.code));
  }

  hello(socket) {
    this.asked = this.memory.get("session");
    socket.send(JSON.stringify({ type: "hello", session: this.asked, after: this.after, locale: this.locale }));
  }

  // Hang up and come back at once, as a change of language needs a new hello.
  again(locale) {
    this.locale = locale;
    if (this.state === "idle") return;
    this.hangUp();
    this.connect();
  }

  hangUp() {
    const socket = this.socket;
    this.socket = null;
    for (const name of [...this.timers.keys()]) this.later(name, null);
    socket?.close();
  }

  // Forget the conversation: nothing of it stays in this browser.
  forget() {
    this.hangUp();
    for (const key of ["session", "outbox", "seen"]) this.memory.remove(key);
    this.after = null;
    this.token = null;
    this.move("idle");
  }

  drop() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.lost(1006);
  }

  lost(code) {
    this.socket = null;
    this.later("ack", null);
    const grown = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures++) * (0.75 + Math.random() / 2);
    const wait = code === 1008 ? FLOOD_WAIT : grown;
    this.wait = Math.ceil(wait / 1000);
    this.move(navigator.onLine ? "waiting" : "offline");
    this.later("connect", () => this.connect(), wait);
  }

  move(state) {
    this.state = state;
    this.heard.state(state, this.wait);
  }

  later(name, work, wait) {
    clearTimeout(this.timers.get(name));
    this.timers.delete(name);
    if (work) this.timers.set(name, setTimeout(work, wait));
  }

  frame(data) {
    const frame = JSON.parse(data);
    const reader = { session: "onSession", ack: "onAck", message: "onMessage", typing: "onTyping", error: "onError" }[frame.type];
    if (reader) this[reader](frame);
  }

  onSession(frame) {
    const isNew = this.asked !== frame.session;
    this.memory.set("session", frame.session);
    this.failures = 0;
    if (isNew) this.after = null;
    this.idleFor = frame.idle_seconds * 1000;
    this.hiddenAt = Date.now() + frame.hidden_in * 1000;
    this.move("open");
    if (this.heard.hidden(frame.hidden_before)) return this.whole();
    this.heard.history(frame.messages, { ended: isNew && this.asked !== null });
    for (const message of frame.messages) this.note(message);
    for (const item of this.outbox) this.post(item);
    if (this.token && Date.now() - this.token.at < TOKEN_FOR) this.identify(this.token.jwt);
  }

  onAck(frame) {
    this.hiddenAt = Date.now() + this.idleFor;
    this.settle(frame.client_id);
    this.heard.stored(frame.client_id, frame.id);
  }

  onMessage(frame) {
    this.note(frame);
    if (frame.from === "you") this.hiddenAt = Date.now() + this.idleFor;
    if (frame.hidden_before !== undefined && this.heard.hidden(frame.hidden_before)) return this.whole();
    this.heard.message(frame);
  }

  // The page knows no more what of the conversation is to be seen: ask for all of it.
  whole() {
    this.after = null;
    this.again(this.locale);
  }

  onTyping(frame) {
    this.heard.typing(frame.from);
  }

  onError(frame) {
    if (RETRIED.has(frame.code) && frame.client_id) {
      this.later("ack", null);
      const wait = frame.retry_after ? frame.retry_after * 1000 : RETRY_WAIT;
      this.later("resend", () => this.outbox.forEach((item) => this.post(item)), wait);
      this.heard.held(frame.client_id);
    } else if (frame.client_id) {
      const item = this.outbox.find((one) => one.client_id === frame.client_id);
      this.settle(frame.client_id);
      this.heard.refused(frame.client_id, frame.text, item);
    } else {
      this.heard.problem(frame.text);
    }
  }

  note(message) {
    this.after = Math.max(this.after ?? 0, message.id);
    if (message.client_id) this.settle(message.client_id);
  }

  // Keep it first, then send it: a page that closes in between still sends it the next time.
  say(item) {
    const kept = { ...item, client_id: uuid() };
    this.memory.set("outbox", [...this.outbox, kept]);
    if (this.state === "open") this.post(kept);
    else if (this.state === "idle") this.connect();
    return kept;
  }

  settle(clientId) {
    this.memory.set("outbox", this.outbox.filter((item) => item.client_id !== clientId));
    if (!this.outbox.length) this.later("ack", null);
  }

  post({ type, client_id, text, value }) {
    if (!this.send({ type, client_id, text, value })) return;
    if (!this.timers.has("ack")) this.later("ack", () => this.drop(), ACK_WAIT);
  }

  seen(id) {
    this.memory.set("seen", id);
    this.send({ type: "seen", id });
  }

  typing() {
    if (Date.now() - this.lastTyping < TYPING_EVERY) return;
    this.lastTyping = Date.now();
    this.send({ type: "typing" });
  }

  identify(jwt) {
    this.token = this.send({ type: "identify", token: jwt }) ? null : { jwt, at: Date.now() };
  }

  send(frame) {
    if (this.state !== "open" || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }
}
