// Saves a debrief while it is being written: after a pause, again and again on a bad
// network, and on this device until the server has it. Without this script the page
// has a button "Save draft".

const pause = 1200; // ms of quiet before a save
const longest = 60_000; // ms between two tries
const form = document.querySelector<HTMLFormElement>("form[data-debrief]");
const filed = document.querySelector<HTMLElement>("[data-debriefed]");
const nameOf = (id: string): string => "windshield debrief " + id;

// What the server has needs not stay on the device.
if (filed) settled(nameOf(filed.dataset["debriefed"] ?? ""), filed.dataset["has"]);

// settled forgets what the device keeps where the server has the newest of it.
function settled(store: string, has: string | undefined): void {
  const raw = localStorage.getItem(store);
  try {
    if (raw && has && (JSON.parse(raw) as Kept).after.at(-1) === has) localStorage.removeItem(store);
  } catch {
    localStorage.removeItem(store);
  }
}

function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

interface Kept {
  fields: [string, string][];
  version: string;
  after: string[]; // keys of saves whose answers never came
}

function write(form: HTMLFormElement): void {
  const store = nameOf(form.dataset["debrief"] ?? "");
  const say = form.querySelector<HTMLElement>("[data-saved]");
  const version = form.elements.namedItem("version") as HTMLInputElement;
  const key = form.elements.namedItem("key") as HTMLInputElement;
  let after: string[] = [];
  let timer = 0;
  let wait = pause;
  let going: Promise<void> | null = null;
  let dirty = false;
  let stopped = false;

  const tell = (text: string): void => {
    if (say && say.textContent !== text) say.textContent = text;
  };
  const fields = (): [string, string][] =>
    [...new FormData(form)].filter(([n]) => n !== "version" && n !== "key" && n !== "after").map(([n, v]) => [n, String(v)]);
  const keep = (): void => {
    try {
      const kept: Kept = { fields: fields(), version: version.value, after };
      localStorage.setItem(store, JSON.stringify(kept));
    } catch {
      // Full or forbidden: the page itself still holds it.
    }
  };
  const later = (ms: number): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void save(), ms);
  };

  function save(): Promise<void> {
    if (going || stopped || !dirty || form.hasAttribute("data-filed")) return going ?? Promise.resolve();
    going = send().finally(() => {
      going = null;
      if (dirty && !stopped) later(wait);
    });
    return going;
  }

  async function send(): Promise<void> {
    dirty = false;
    const mine = newKey();
    const body = new URLSearchParams([...fields(), ["version", version.value], ["key", mine], ["do", "draft"], ...after.map((k): [string, string] => ["after", k])]);
    after = [...after.slice(-9), mine];
    keep();
    try {
      // form.action would be the field of that name.
      const answer = await fetch(form.getAttribute("action") ?? location.pathname, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.redirected || answer.status === 401) {
        stopped = true;
        tell("You are signed out. What you wrote is kept on this device: sign in again and open this page.");
        return;
      }
      const said = (answer.headers.get("Content-Type") ?? "").includes("json") ? ((await answer.json()) as { version?: number; problem?: string }) : {};
      if (answer.ok && said.version) {
        version.value = String(said.version);
        after = [];
        wait = pause;
        if (!dirty) {
          localStorage.removeItem(store);
          tell("Draft saved.");
        }
        return;
      }
      if (answer.status === 412) {
        stopped = true;
        tell("Somebody else has written meanwhile. Press Save draft to see both; nothing is lost.");
        return;
      }
      if (answer.status < 500 && answer.status !== 429) {
        tell("Not saved yet, but kept on this device. " + (said.problem ?? ""));
        return; // the next change tries again
      }
      throw new Error(String(answer.status));
    } catch {
      dirty = true;
      wait = Math.min(wait * 2, longest);
      tell("No connection. What you wrote is kept on this device and will be saved by itself.");
    }
  }

  // What the server never got comes back.
  settled(store, form.dataset["has"]);
  const raw = localStorage.getItem(store);
  if (raw && !form.hasAttribute("data-clash")) {
    try {
      const kept = JSON.parse(raw) as Kept;
      restore(form, kept.fields);
      if (form.hasAttribute("data-filed")) {
        tell("What you wrote before and did not send is in the form. Send it to correct the debrief.");
        return listen();
      }
      version.value = kept.version;
      after = kept.after;
      dirty = true;
      tell("What you wrote before is back, and is being saved.");
      later(0);
    } catch {
      localStorage.removeItem(store);
    }
  }

  listen();

  function listen(): void {
    const changed = (): void => {
      dirty = true;
      keep();
      if (!stopped) later(Math.max(wait, pause));
    };
    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    window.addEventListener("online", () => {
      wait = pause;
      later(0);
    });

    form.addEventListener("submit", (e) => {
      clearTimeout(timer);
      keep();
      if (!navigator.onLine) {
        e.preventDefault();
        e.stopPropagation();
        tell("No connection. What you wrote is kept on this device. Send it when the connection is back.");
        return;
      }
      if (going) {
        // The save that is on its way goes first: the two would contradict each other.
        e.preventDefault();
        e.stopPropagation();
        const button = e.submitter;
        stopped = true;
        void going.then(() => form.requestSubmit(button));
        return;
      }
      for (const k of after) {
        const field = document.createElement("input");
        [field.type, field.name, field.value] = ["hidden", "after", k];
        form.append(field);
      }
      key.value = newKey();
      after = [...after, key.value];
      keep();
    });
  }
}

// restore puts values back into the fields of the same name, in their order.
function restore(form: HTMLFormElement, fields: [string, string][]): void {
  const by = new Map<string, string[]>();
  for (const [name, value] of fields) by.set(name, [...(by.get(name) ?? []), value]);
  const used = new Map<string, number>();
  for (const f of form.elements) {
    if (!(f instanceof HTMLInputElement || f instanceof HTMLTextAreaElement || f instanceof HTMLSelectElement)) continue;
    if (!f.name || f.name === "version" || f.name === "key") continue;
    const values = by.get(f.name) ?? [];
    if (f instanceof HTMLInputElement && (f.type === "radio" || f.type === "checkbox")) {
      f.checked = values.includes(f.value);
      continue;
    }
    const i = used.get(f.name) ?? 0;
    used.set(f.name, i + 1);
    const value = values[i];
    if (value !== undefined) f.value = value;
  }
}

if (form) write(form);

export {};
