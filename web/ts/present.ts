// Keys of the slides. Every key follows a link that is on the page anyway. Slides
// are exchanged in place, because a browser leaves full screen when it loads a page.

const deck = (): HTMLElement | null => document.querySelector<HTMLElement>("[data-present]");

let latest = 0;
let shown = location.pathname + location.search;

function show(html: string, address: string, push: boolean): void {
  const page = new DOMParser().parseFromString(html, "text/html");
  const fresh = page.querySelector("main");
  const old = document.querySelector("main");
  if (!fresh || !old || !page.querySelector("[data-present]")) {
    location.href = address; // another page, such as the one for signing in
    return;
  }
  old.replaceWith(document.adoptNode(fresh));
  document.title = page.title;
  if (push) history.pushState(null, "", address);
  shown = location.pathname + location.search;
  scrollTo(0, 0);
  fresh.focus({ preventScroll: true });
}

async function go(address: string, push = true, body?: URLSearchParams): Promise<void> {
  const mine = ++latest;
  try {
    const answer = await fetch(address, body ? { method: "POST", body } : {});
    const html = await answer.text();
    if (mine !== latest) return; // somebody was faster with the keys
    // What a form was refused with stands under the slide's own address.
    show(html, body && !answer.redirected ? location.href : answer.url, push && answer.url !== location.href);
  } catch {
    location.href = body ? location.href : address;
  }
}

async function fullScreen(): Promise<void> {
  const to = deck()?.dataset["kiosk"];
  try {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await document.documentElement.requestFullscreen();
  } catch {
    // A browser that does not allow it still shows nothing but the slide.
  }
  if (to) await go(to);
}

// A screen that goes dark ends a meeting. Where the browser cannot keep it on, it is
// the projector's matter.
async function stayAwake(): Promise<void> {
  try {
    if (document.visibilityState === "visible" && "wakeLock" in navigator) await navigator.wakeLock.request("screen");
  } catch {
    // Refused, for example on a low battery.
  }
}

document.addEventListener("keydown", (e) => {
  const d = deck();
  const on = e.target instanceof HTMLElement ? e.target.closest("a, button, input, select, textarea") : null;
  if (!d || on instanceof HTMLSelectElement || e.ctrlKey || e.metaKey || e.altKey || (e.key === " " && on)) return;
  const to = {
    ArrowRight: "next", PageDown: "next", ArrowDown: "", " ": e.shiftKey ? "prev" : "next",
    ArrowLeft: "prev", PageUp: "prev", Home: "first", End: "last",
  }[e.key];
  const address = to ? d.dataset[to] : undefined;
  if (address) {
    e.preventDefault();
    if (new URL(address, location.href).href !== location.href) void go(address);
  } else if (e.key === "f" || e.key === "F") {
    e.preventDefault();
    void fullScreen();
  }
});

document.addEventListener("click", (e) => {
  const a = e.target instanceof Element ? e.target.closest("a") : null;
  if (!a || !deck() || e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
  if (a.hasAttribute("data-full")) {
    e.preventDefault();
    void fullScreen();
  } else if (a.rel === "next" || a.rel === "prev") {
    e.preventDefault();
    void go(a.href);
  }
});

document.addEventListener("submit", (e) => {
  const form = e.target;
  if (!(form instanceof HTMLFormElement) || !deck()) return;
  e.preventDefault();
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form, e.submitter)) if (typeof value === "string") body.append(name, value);
  for (const b of document.querySelectorAll("button")) b.disabled = true;
  void go(form.action, true, body);
});

// A step to a part of the page is none to another slide.
addEventListener("popstate", () => {
  if (location.pathname + location.search !== shown) void go(location.href, false);
});
document.addEventListener("visibilitychange", () => void stayAwake());
void stayAwake();

export {};
