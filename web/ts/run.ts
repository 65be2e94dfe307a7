// Follows a run of the planner, a launch or a report without loading the page
// again. Without this script the page loads itself every few seconds.

const every = 2000; // ms between looks
const quiet = 10_000; // ms between two announcements: more would be chatter
const say = document.querySelector<HTMLElement>("[data-live-say]");
let said = 0;

// tell says what is new to those who hear the page.
function tell(live: HTMLElement, over: boolean): void {
  if (!say || (!over && Date.now() - said <= quiet)) return;
  const best = live.querySelector("[data-best]")?.textContent;
  const now = live.querySelector("[data-now]")?.textContent ?? (best ? `Best so far: ${best} points.` : "");
  const end = live.querySelector<HTMLElement>("[data-over]")?.dataset["over"] ?? live.dataset["over"] ?? "The run has ended.";
  say.textContent = over ? end : now;
  said = Date.now();
}

// What the server sends is put in section by section, and only where it differs: what
// somebody reads or has the focus in stays.
function put(live: HTMLElement, text: string): void {
  const fresh = new DOMParser().parseFromString(text, "text/html").body; // our own page, escaped by the server
  const old = [...live.children];
  const focus = document.activeElement?.getAttribute("aria-labelledby");
  [...fresh.children].forEach((part, i) => {
    const was = old[i];
    if (!was) live.append(document.adoptNode(part));
    else if (was.outerHTML !== part.outerHTML) {
      const busy = was.contains(document.activeElement);
      was.replaceWith(document.adoptNode(part));
      if (busy && focus) part.querySelector<HTMLElement>(`[aria-labelledby="${CSS.escape(focus)}"]`)?.focus();
    }
  });
  for (const part of old.slice(fresh.children.length)) part.remove();
}

function follow(url: string): void {
  const source = new EventSource(url);
  const show = (e: MessageEvent<string>, over: boolean): void => {
    const live = document.getElementById("live");
    if (!live) return;
    put(live, e.data);
    if (over) {
      source.close();
      live.dataset["live"] = "off";
      const steer = document.querySelector("[data-steer]");
      const lost = steer?.contains(document.activeElement);
      steer?.remove();
      if (lost) live.querySelector<HTMLElement>("a.btn")?.focus();
    }
    tell(live, over);
  };
  source.addEventListener("run", (e) => show(e as MessageEvent<string>, false));
  source.addEventListener("end", (e) => show(e as MessageEvent<string>, true));
  source.addEventListener("error", () => {
    // It comes back by itself, unless the server does not want it to.
    if (source.readyState === EventSource.CLOSED) setTimeout(look, every);
  });
}

async function look(): Promise<void> {
  const old = document.getElementById("live");
  if (!old || old.dataset["live"] !== "on") return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok && !answer.redirected) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("live");
      const busy = old.contains(document.activeElement);
      if (fresh) {
        const over = fresh.dataset["live"] !== "on";
        old.replaceWith(document.adoptNode(fresh));
        if (busy) fresh.querySelector<HTMLElement>("button, a.btn")?.focus();
        if (over) document.querySelector("[data-steer]")?.remove();
        tell(fresh, over);
        if (over) return;
      }
    }
  } catch {
    // The network is away for a moment; the next look will tell.
  }
  setTimeout(look, every);
}

const events = document.getElementById("live")?.dataset["events"];
if (events) follow(events);
else setTimeout(look, every);

export {};
