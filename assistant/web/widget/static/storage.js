// What the frame remembers between pages: in its own origin's storage, or in memory where that is blocked.
const PREFIX = "privacy-desk.";

export class Memory {
  constructor() {
    this.kept = new Map();
  }

  get(key) {
    try {
      const value = localStorage.getItem(PREFIX + key);
      return value === null ? (this.kept.get(key) ?? null) : JSON.parse(value);
    } catch {
      return this.kept.get(key) ?? null;
    }
  }

  set(key, value) {
    this.kept.set(key, value);
    try {
      localStorage.setItem(PREFIX + key, JSON.stringify(value));
    } catch {
      // Storage is blocked or full: this page remembers, the next one will not.
    }
  }

  remove(key) {
    this.kept.delete(key);
    try {
      localStorage.removeItem(PREFIX + key);
    } catch {
      // Nothing was stored either.
    }
  }
}
