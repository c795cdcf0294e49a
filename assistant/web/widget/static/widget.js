// The loader: draws a button and a frame on the host page, and nothing else. Everything a person reads or
// writes stays inside the frame, which is served by the desk.
(() => {
  "use strict";
  if (window.privacyDesk) return;

  const TEXTS = "$texts";
  const script = document.currentScript;
  const desk = new URL(script.src).origin;
  const listeners = new Map();
  const waiting = [];
  const state = { open: false, ready: false, unread: 0, locale: language(script.dataset.locale) };

  function language(wanted) {
    const locale = wanted || document.documentElement.lang || navigator.language || "en";
    return locale.toLowerCase().startsWith("fr") ? "fr" : "en";
  }

  const STYLE = `
    :host { all: initial; color-scheme: light dark; }
    .launcher {
      --ink: #fff; --fill: #17565c; --ring: #17565c;
      position: fixed; z-index: 2147483000; inset-block-end: max(1.25rem, env(safe-area-inset-bottom));
      inset-inline-end: 1.25rem; display: flex; align-items: center; gap: .55rem; box-sizing: border-box;
      min-block-size: 3.25rem; padding: 0 1.2rem 0 1rem; border: 0; border-radius: 2rem; cursor: pointer;
      font: 600 1rem/1.2 system-ui, sans-serif; color: var(--ink); background: var(--fill);
      box-shadow: 0 1px 2px rgb(0 0 0 / .2), 0 6px 20px rgb(10 40 45 / .22);
      transition: transform .15s ease, box-shadow .15s ease;
    }
    .launcher:hover { transform: translateY(-1px); box-shadow: 0 2px 4px rgb(0 0 0 / .2), 0 10px 26px rgb(10 40 45 / .28); }
    .launcher:focus-visible { outline: 3px solid var(--ring); outline-offset: 3px; }
    .launcher svg { inline-size: 1.5rem; block-size: 1.5rem; flex: none; }
    .launcher[aria-expanded="true"] { inline-size: 3.25rem; padding: 0; justify-content: center; }
    .launcher[aria-expanded="true"] .label { display: none; }
    .badge {
      position: absolute; inset-block-start: -.35rem; inset-inline-end: -.1rem; min-inline-size: 1.5rem;
      block-size: 1.5rem; box-sizing: border-box; padding: 0 .35rem; border-radius: 1rem; color: #fff; background: #b3261e;
      font: 700 .8125rem/1.5rem system-ui, sans-serif; text-align: center; box-shadow: 0 0 0 2px #fff;
    }
    [hidden] { display: none !important; }
    .frame {
      position: fixed; z-index: 2147483000; inset-block-end: 5.5rem; inset-inline-end: 1.25rem;
      inline-size: 25rem; block-size: min(42rem, calc(100dvh - 7rem)); border: 0; border-radius: 1rem; background: Canvas;
      box-shadow: 0 0 0 1px rgb(10 40 45 / .08), 0 12px 48px rgb(10 40 45 / .24);
      animation: rise .18s ease-out;
    }
    .left .launcher, .left .frame { inset-inline: 1.25rem auto; }
    @keyframes rise { from { opacity: 0; transform: translateY(.5rem); } }
    @media (max-width: 668px), (max-height: 480px) {
      .frame, .left .frame { inset: 0; inline-size: 100%; block-size: 100dvh; border-radius: 0; }
      .launcher[aria-expanded="true"] { display: none; }
    }
    @media (prefers-color-scheme: dark) {
      .launcher { --ink: #06292c; --fill: #8fd3d3; --ring: #8fd3d3; }
      .badge { box-shadow: 0 0 0 2px #14191b; }
    }
    @media (prefers-reduced-motion: reduce) { .launcher, .frame { animation: none; transition: none; } }
    @media (forced-colors: active) { .launcher { border: 2px solid ButtonText; } }
  `;

  const SHIELD = ["M12 3 4.5 5.8v5.4c0 4.6 3.1 8.1 7.5 9.8 4.4-1.7 7.5-5.2 7.5-9.8V5.8L12 3Z", "m8.8 12 2.3 2.3 4.3-4.6"];
  const CROSS = ["m6 6 12 12", "M18 6 6 18"];

  function text(key) {
    return TEXTS[state.locale][key];
  }

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function icon(paths) {
    const namespace = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(namespace, "svg");
    const look = { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "1.8", "aria-hidden": "true" };
    for (const [key, value] of Object.entries({ ...look, "stroke-linecap": "round", "stroke-linejoin": "round" })) {
      svg.setAttribute(key, value);
    }
    for (const path of paths) {
      svg.append(document.createElementNS(namespace, "path"));
      svg.lastChild.setAttribute("d", path);
    }
    return svg;
  }

  const label = element("span", { class: "label" });
  const badge = element("span", { class: "badge", "aria-hidden": "true", hidden: "" });
  const button = element("button", { type: "button", class: "launcher", "aria-expanded": "false", "aria-controls": "frame" });
  const frame = element("iframe", {
    id: "frame",
    class: "frame",
    hidden: "",
    sandbox: "allow-scripts allow-forms allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-downloads",
    allow: "clipboard-write",
    referrerpolicy: "no-referrer",
  });
  const side = element("div", { class: script.dataset.position === "left" ? "left" : "right" }, button, frame);
  const host = element("div", { id: "privacy-desk" });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  root.append(side);

  function draw() {
    const unread = state.unread === 1 ? "launcher.unread_one" : "launcher.unread_many";
    const closed = state.unread ? text(unread).replace("{count}", state.unread) : text("launcher.open");
    button.setAttribute("aria-label", state.open ? text("launcher.close") : closed);
    button.setAttribute("aria-expanded", String(state.open));
    button.replaceChildren(icon(state.open ? CROSS : SHIELD), label, badge);
    label.textContent = text("launcher.label");
    badge.textContent = state.unread > 99 ? "99+" : String(state.unread);
    badge.hidden = state.open || !state.unread;
    frame.hidden = !state.open;
    frame.title = text("frame.title");
    side.lang = state.locale;
  }

  function load() {
    if (frame.src) return;
    frame.src = `${desk}/chat/?locale=${state.locale}&site=${encodeURIComponent(location.origin)}`;
  }

  function tell(message) {
    if (state.ready) frame.contentWindow.postMessage({ desk: 1, ...message }, desk);
    else waiting.push(message);
  }

  function emit(event, detail) {
    for (const listener of listeners.get(event) || []) listener(detail);
  }

  function show(open) {
    if (state.open === open) return;
    state.open = open;
    load();
    draw();
    if (state.ready) present();
    if (!open) button.focus();
    emit(open ? "open" : "close");
  }

  // Where a browser denies the frame its own storage, it lends what brings a person back to this tab.
  function lend(lent) {
    try {
      sessionStorage.setItem("privacy-desk", JSON.stringify(lent));
    } catch {
      // This page may not store either: the conversation lasts as long as the page.
    }
  }

  function lent() {
    try {
      return JSON.parse(sessionStorage.getItem("privacy-desk"));
    } catch {
      return null;
    }
  }

  // The frame takes the focus once it is there: given earlier, a browser loses it while the frame loads.
  function present() {
    if (state.open) frame.focus();
    tell({ type: state.open ? "open" : "close" });
  }

  const heard = {
    ready() {
      state.ready = true;
      tell({ type: "kept", lent: lent() });
      present();
      for (const message of waiting.splice(0)) tell(message);
      emit("ready");
    },
    close() {
      show(false);
    },
    keep(message) {
      lend(message.lent);
    },
    locale(message) {
      state.locale = language(message.locale);
      draw();
    },
    unread(message) {
      state.unread = Math.max(0, Number(message.count) || 0);
      draw();
      emit("unread", state.unread);
    },
  };

  window.addEventListener("message", (event) => {
    if (event.origin !== desk || event.source !== frame.contentWindow || event.data?.desk !== 1) return;
    if (Object.hasOwn(heard, event.data.type)) heard[event.data.type](event.data);
  });
  button.addEventListener("click", () => show(!state.open));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.open) show(false);
  });

  function place() {
    if (host.isConnected || !document.body) return;
    state.ready = false; // a frame that is put back loads again, and says so
    document.body.append(host);
  }

  window.privacyDesk = Object.freeze({
    open: () => show(true),
    close: () => show(false),
    toggle: () => show(!state.open),
    identify: (token) => tell({ type: "identify", token: String(token) }),
    reset: () => tell({ type: "reset" }),
    setLocale(locale) {
      state.locale = language(locale);
      draw();
      tell({ type: "locale", locale: state.locale });
    },
    on(event, listener) {
      listeners.set(event, (listeners.get(event) || new Set()).add(listener));
      return () => listeners.get(event).delete(listener);
    },
  });

  function start() {
    draw();
    place();
    // Single-page sites swap their body, or what is in it: come back when that happens.
    const watch = new MutationObserver(() => {
      place();
      watch.observe(document.body, { childList: true });
    });
    watch.observe(document.documentElement, { childList: true });
    watch.observe(document.body, { childList: true });
    // Loaded when the page is idle, so that an answer that came meanwhile shows as unread.
    (window.requestIdleCallback || ((later) => setTimeout(later, 1500)))(load);
  }

  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
