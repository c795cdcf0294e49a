// What the frame remembers between pages. Its own origin's storage is best. Some browsers deny that to a
// frame of another site: then the loader holds the little that brings a person back (never a message) for
// as long as the tab is open.
const PREFIX = "privacy-desk.";
const LENT = ["session", "seen", "locale"];

function available() {
  try {
    localStorage.getItem(PREFIX);
    return true;
  } catch {
    return false;
  }
}

export class Memory {
  constructor(lend) {
    this.lend = lend;
    this.blocked = !available();
    this.kept = new Map();
  }

  // Take back what the loader held.
  restore(lent) {
    if (!this.blocked) return;
    for (const key of LENT) if (lent?.[key] !== undefined) this.kept.set(key, lent[key]);
  }

  get(key) {
    if (this.blocked) return this.kept.get(key) ?? null;
    return JSON.parse(localStorage.getItem(PREFIX + key));
  }

  set(key, value) {
    if (!this.blocked) return this.write(key, value);
    this.kept.set(key, value);
    if (LENT.includes(key)) this.lendAll();
  }

  remove(key) {
    if (!this.blocked) return localStorage.removeItem(PREFIX + key);
    this.kept.delete(key);
    if (LENT.includes(key)) this.lendAll();
  }

  write(key, value) {
    try {
      localStorage.setItem(PREFIX + key, JSON.stringify(value));
    } catch {
      // The storage is full: this page goes on without it.
      this.blocked = true;
      this.kept.set(key, value);
    }
  }

  lendAll() {
    this.lend(Object.fromEntries(LENT.filter((key) => this.kept.has(key)).map((key) => [key, this.kept.get(key)])));
  }
}
