// Follows a run of the planner, a launch or a report without loading the page
// again. Without this script the page loads itself every few seconds.

const every = 2000; // ms between looks
const quiet = 10_000; // ms between two announcements: more would be chatter
const say = document.querySelector<HTMLElement>("[data-live-say]");
let said = 0;

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
        const best = fresh.querySelector("[data-best]")?.textContent;
        const now = fresh.querySelector("[data-now]")?.textContent ?? (best ? `Best so far: ${best} points.` : "");
        if (say && (over || Date.now() - said > quiet)) {
          say.textContent = over ? (fresh.dataset["over"] ?? "The run has ended.") : now;
          said = Date.now();
        }
        if (over) return;
      }
    }
  } catch {
    // The network is away for a moment; the next look will tell.
  }
  setTimeout(look, every);
}
setTimeout(look, every);

export {};
