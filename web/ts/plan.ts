// The grid of the year: one tab stop, arrows between visits, and ways to move,
// swap and pin by drag and by keys. What is possible and what it costs comes from
// the server; every change is a form of the page, sent without loading it again.
// Without this script every visit is a plain link to a drawer with the same forms.

import { ask, type Choices } from "./plan/choices";
import { overlay } from "./plan/overlay";
import { dayOf, grouped, spokenDay, weeksBetween } from "./plan/dates";
import { howFar, together, type Together } from "./plan/several";

const grid = document.querySelector<HTMLElement>("[data-grid]");
if (grid) start(grid);

type Seen = { chip: HTMLElement; row: HTMLElement; col: number };
type Target = { row: HTMLElement; col: number; chip: HTMLElement | undefined };

function start(grid: HTMLElement): void {
  const here = grid.dataset["grid"] ?? "";
  const moves = grid.dataset["moves"] === "yes";
  const monday = grid.dataset["monday"] ?? "";
  const weeks = Number(grid.dataset["weeks"] ?? 0);
  const quarterly = !!grid.closest(".quarterly");
  const scroller = grid.closest<HTMLElement>(".tl-scroll");
  const line = document.querySelector<HTMLElement>("[data-say]");
  const paint = overlay(grid);
  document.body.classList.add("js");

  let state = new URLSearchParams(grid.dataset["state"] ?? "");
  let rows: HTMLElement[][] = []; // visits by row
  let stops: HTMLElement[][] = []; // visits and headings, for the keys
  let current: HTMLElement | undefined;
  let currentName = "";
  let lane = 1; // the column in which the keys go up and down
  const taken = new Set<string>(); // labels of several visits
  // What the server sent last for each row, to find out which ones have changed.
  const served = new Map<string, string>();
  for (const row of allRows()) served.set(row.dataset["row"] ?? "", row.innerHTML);

  function allRows(): HTMLElement[] {
    return [...grid.querySelectorAll<HTMLElement>(':scope > [role="row"]')];
  }

  const say = (text: string): void => {
    if (line) line.textContent = text;
  };

  const labelOf = (chip: HTMLElement): string => new URLSearchParams((chip.getAttribute("href") ?? "").split("?")[1] ?? "").get("visit") ?? "";
  const column = (chip: HTMLElement): number => Number(chip.parentElement?.getAttribute("aria-colindex") ?? 1) - 1;
  const rowOf = (e: HTMLElement): HTMLElement => e.closest<HTMLElement>('[role="row"]') as HTMLElement;
  const personOf = (row: HTMLElement): string => row.querySelector(".tl-name > :first-child")?.textContent?.trim() ?? "";
  const words = (chip: HTMLElement): string => chip.getAttribute("aria-label") ?? "";
  const customer = (chip: HTMLElement): string => words(chip).split(", ")[quarterly ? 0 : 1] ?? words(chip);
  const chipOf = (label: string): HTMLElement | undefined => rows.flat().find((c) => labelOf(c) === label);

  // A stop of the keys by its name: a visit, or the heading of a group.
  const isHeading = (e: HTMLElement): boolean => e.matches("[data-section]");
  const nameOf = (e: HTMLElement): string => (isHeading(e) ? (rowOf(e).dataset["row"] ?? "") : labelOf(e));
  const isClosed = (row: Element): boolean => !!row.querySelector('[data-section][aria-expanded="false"]');

  function index(): void {
    const keep = currentName;
    stops = allRows().map((row) => [...row.querySelectorAll<HTMLElement>("a.v, a[data-section]")]).filter((all) => all.length > 0);
    rows = stops.map((all) => all.filter((e) => !isHeading(e))).filter((chips) => chips.length > 0);
    for (const e of stops.flat()) e.tabIndex = -1;
    mark((keep && stops.flat().find((e) => nameOf(e) === keep)) || stops[0]?.[0]);
    for (const e of stops.flat()) e.draggable = false;
    for (const label of taken) {
      const chip = chipOf(label);
      if (chip) chip.classList.add("tk");
      else taken.delete(label); // its group was closed, or it is gone
    }
  }

  // The one stop of the grid that the tab key reaches.
  function mark(e: HTMLElement | undefined): void {
    if (current) current.tabIndex = -1;
    if (e) e.tabIndex = 0;
    current = e;
    currentName = e ? nameOf(e) : "";
  }

  index();

  const go = (chip: HTMLElement | undefined): void => {
    if (!chip) return;
    mark(chip);
    chip.focus({ preventScroll: true });
    // The sticky header and name column must not cover what has the focus.
    chip.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  // The visit of a row that is nearest to a column.
  const nearest = (chips: HTMLElement[] | undefined, col: number): HTMLElement | undefined =>
    chips?.reduce((best, chip) => (Math.abs(column(chip) - col) < Math.abs(column(best) - col) ? chip : best));

  // ---- the server

  let busy = false;

  // Sends a form of the page and takes what has changed from the page that comes back.
  async function send(path: string, body: URLSearchParams): Promise<boolean> {
    if (busy) return false;
    busy = true;
    grid.setAttribute("aria-busy", "true");
    try {
      if (!body.has("key")) body.set("key", crypto.randomUUID());
      if (!body.has("state")) body.set("state", state.toString());
      const answer = await fetch(path, { method: "POST", body, headers: { Accept: "text/html" } });
      const type = answer.headers.get("content-type") ?? "";
      if (!type.startsWith("text/html") || (!answer.ok && answer.status !== 409 && answer.status !== 422)) {
        say("That did not work: the server did not answer as it should. Nothing is known to be changed.");
        return false;
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.querySelector("[data-part]")) {
        location.assign(answer.url); // signed out meanwhile, or an error page
        return false;
      }
      take(page);
      if (!answer.ok) {
        const box = document.querySelector<HTMLElement>("#plan-notes [data-focus]");
        box?.focus();
        say(box?.querySelector("p, dd")?.textContent?.trim() ?? "This was refused. Nothing was changed.");
      }
      return answer.ok;
    } catch {
      say("The network did not answer. Nothing is known to be changed: look before you repeat it.");
      return false;
    } finally {
      busy = false;
      grid.removeAttribute("aria-busy");
    }
  }

  // Puts what is new on a page that was fetched into this one, but for the parts named.
  function take(page: Document, but = ""): void {
    const had = document.activeElement instanceof HTMLElement && grid.contains(document.activeElement);
    for (const fresh of page.querySelectorAll<HTMLElement>("[data-part]")) {
      const old = fresh.id === but ? null : document.getElementById(fresh.id);
      if (old && old.innerHTML !== fresh.innerHTML) old.replaceChildren(...adopt(fresh));
    }
    for (const old of document.querySelectorAll<HTMLElement>("[data-part]")) {
      if (!page.getElementById(old.id)) old.replaceChildren();
    }
    takeRows([...page.querySelectorAll<HTMLElement>('[data-grid] > [role="row"]')]);
    index();
    showDrawer();
    if (had && !grid.contains(document.activeElement)) current?.focus({ preventScroll: true });
  }

  // Rows come and go with their groups; those that have not changed stay as they are.
  function takeRows(all: HTMLElement[]): void {
    if (all.length === 0) return;
    const have = new Map(allRows().map((row) => [row.dataset["row"] ?? "", row]));
    let before: HTMLElement | undefined;
    for (const fresh of all) {
      const id = fresh.dataset["row"] ?? "";
      const row = have.get(id) ?? document.adoptNode(fresh);
      if (row !== fresh) {
        have.delete(id);
        row.className = fresh.className;
        row.setAttribute("aria-rowindex", fresh.getAttribute("aria-rowindex") ?? "");
        if (served.get(id) !== fresh.innerHTML) {
          served.set(id, fresh.innerHTML);
          row.replaceChildren(...adopt(fresh));
        }
      } else served.set(id, row.innerHTML);
      if (before && before.nextElementSibling !== row) before.after(row);
      before = row;
    }
    for (const [id, row] of have) {
      served.delete(id);
      row.remove();
    }
  }

  const adopt = (from: HTMLElement): Node[] => [...from.childNodes].map((n) => document.adoptNode(n));

  // ---- groups

  // Opens a group that is closed, and closes one that is open, without loading the page
  // again. What is looked at beside the grid stays.
  async function turn(link: HTMLAnchorElement): Promise<boolean> {
    if (busy) return false;
    busy = true;
    grid.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector<HTMLElement>("[data-grid]");
      if (!answer.ok || !fresh) {
        location.assign(link.href);
        return false;
      }
      const label = state.get("visit");
      const row = rowOf(link)?.dataset["row"];
      const closes = !!row && link.getAttribute("aria-expanded") === "true";
      take(page, "drawer-slot");
      state = new URLSearchParams(fresh.dataset["state"] ?? "");
      if (label) state.set("visit", label);
      remember();
      if (row) say(`${sectionName(row)} is ${closes ? "closed" : "open"}.`);
      return true;
    } catch {
      say("The network did not answer.");
      return false;
    } finally {
      busy = false;
      grid.removeAttribute("aria-busy");
    }
  }
  const rowNamed = (id: string): HTMLElement | undefined => allRows().find((r) => r.dataset["row"] === id);
  const headingIn = (row: HTMLElement | undefined): HTMLAnchorElement | undefined => row?.querySelector<HTMLAnchorElement>("[data-section]") ?? undefined;
  const sectionName = (id: string): string => (headingIn(rowNamed(id))?.textContent ?? "").replace(/[▸▾]/g, "").trim();

  // The same for whoever is on the heading: it keeps the focus.
  async function turnHere(link: HTMLAnchorElement): Promise<void> {
    const id = rowOf(link)?.dataset["row"];
    const listed = link.textContent;
    if (!(await turn(link))) return;
    if (id) go(headingIn(rowNamed(id)));
    else [...document.querySelectorAll<HTMLElement>("#plan-list [data-section]")].find((x) => x.textContent?.replace(/[▸▾]/g, "").trim() === listed?.replace(/[▸▾]/g, "").trim())?.focus();
  }
  document.addEventListener("click", (e) => {
    const link = (e.target as HTMLElement).closest<HTMLAnchorElement>("a[data-section]");
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
    e.preventDefault();
    if (!mode || mode === "swap") void turnHere(link);
  });

  // ---- the drawer

  const slot = document.getElementById("drawer-slot");
  const card = grid.closest<HTMLElement>(".plan-card");

  function showDrawer(): void {
    card?.classList.toggle("with-drawer", !!slot?.firstElementChild);
    for (const chip of rows.flat()) chip.classList.toggle("on", labelOf(chip) !== "" && labelOf(chip) === state.get("visit") && !!slot?.firstElementChild);
  }

  async function drawer(query: URLSearchParams, focus: boolean): Promise<void> {
    if (!slot) return;
    const answer = await fetch(`${here}/drawer?${query}`, { headers: { "X-Part": "drawer" } }).catch(() => undefined);
    if (!answer?.ok || answer.redirected) {
      location.assign(`${here}?${query}`);
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("drawer");
    if (!fresh) return;
    slot.replaceChildren(document.adoptNode(fresh));
    state.set("visit", query.get("visit") ?? "");
    remember();
    if (focus) fresh.focus({ preventScroll: true });
  }

  function remember(): void {
    const q = state.toString();
    history.replaceState(null, "", q ? `${here}?${q}` : here);
    showDrawer();
  }

  function open(chip: HTMLElement, focus: boolean): void {
    const label = labelOf(chip);
    if (!label) {
      location.assign((chip as HTMLAnchorElement).href);
      return;
    }
    const query = new URLSearchParams(state);
    query.set("visit", label);
    void drawer(query, focus);
  }

  function close(): void {
    const label = state.get("visit") ?? "";
    slot?.replaceChildren();
    state.delete("visit");
    remember();
    go(chipOf(label) ?? current);
  }

  document.addEventListener("click", (e) => {
    const link = (e.target as HTMLElement).closest<HTMLAnchorElement>("a[data-drawer], a[data-close]");
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
    e.preventDefault();
    if (link.matches("[data-close]")) close();
    else void drawer(new URLSearchParams(link.search), true);
  });
  slot?.addEventListener("keydown", (e) => {
    if (e.key === "Escape") close();
  });
  document.addEventListener("submit", (e) => {
    const form = e.target as HTMLFormElement;
    const body = new URLSearchParams(new FormData(form, e.submitter) as unknown as Record<string, string>);
    if (form.matches("[data-drawer]")) {
      e.preventDefault();
      void drawer(body, true);
    } else if (form.matches("[data-move]")) {
      e.preventDefault();
      delete form.dataset["sent"];
      body.set("state", state.toString());
      void send(form.getAttribute("action") ?? "", body).then((ok) => ok && sayLast());
    }
  });

  function sayLast(): void {
    say(document.querySelector("#plan-last .last")?.textContent?.replace(/\s+/g, " ").trim() ?? "Done.");
  }

  // ---- moving one visit

  const seenOf = (s: Seen): string => `${labelOf(s.chip)}@${s.row.dataset["row"]}@${dayOf(monday, s.col - 1, 0)}@`;
  const seen = (chip: HTMLElement): Seen => ({ chip, row: rowOf(chip), col: column(chip) });

  // Why a visit may not be touched, as far as the page knows without asking.
  function held(chip: HTMLElement): string {
    if (chip.classList.contains("pi")) return `${customer(chip)} is pinned. Press P to take the pin away.`;
    if (chip.classList.contains("he") || chip.classList.contains("de")) return `${customer(chip)}: this visit is over and does not move.`;
    return "";
  }

  // What a drop would do there, in words, and the form that does it.
  function verdict(c: Choices | undefined, from: Seen, to: Target): { ok: boolean; text: string; body?: URLSearchParams } {
    if (!c) return { ok: false, text: "Asking what is possible …" };
    if (c.no) return { ok: false, text: c.no };
    const who = personOf(to.row);
    const body = new URLSearchParams({ visit: seenOf(from) });
    if (to.chip && to.chip !== from.chip) {
      const t = c.trade(labelOf(to.chip));
      if (t === undefined) return { ok: false, text: `${customer(to.chip)} does not trade places: it is over, or stands nowhere.` };
      if (typeof t === "string") return { ok: false, text: `No swap with ${customer(to.chip)}: somebody ${t}.` };
      body.set("trade", seenOf(seen(to.chip)));
      return { ok: true, text: `Swap with ${customer(to.chip)}, ${who}: ${price(t)}.`, body };
    }
    if (to.row === from.row && to.col === from.col) return { ok: false, text: `${who}, week ${weekNo(to.col)}: where it stands.` };
    const cell = c.cell(to.row.dataset["row"] ?? "", to.col - 1 + weeksBetween(c.monday, monday));
    if (cell === undefined) return { ok: false, text: `${who}, week ${weekNo(to.col)}: outside of the plan.` };
    if (typeof cell === "string") return { ok: false, text: `${who}, week ${weekNo(to.col)}: ${cell}.` };
    const date = dayOf(monday, to.col - 1, Math.floor(cell.half / 2));
    body.set("to", `${to.row.dataset["row"]}@${date}@${cell.half % 2 ? "pm" : "am"}`);
    return { ok: true, text: `${who}, ${spoken(date)} ${cell.half % 2 ? "afternoon" : "morning"}: ${price(cell.price)}.`, body };
  }

  const weekNo = (col: number): string => grid.querySelector(`.tl-head > .w${col}`)?.lastChild?.textContent?.trim() ?? String(col);
  const spoken = (iso: string): string => spokenDay(iso, grid.dataset["month"] === "first");
  const points = (n: number): string => grouped(n, grid.dataset["number"] ?? "");
  const price = (n: number): string => (n === 0 ? "costs nothing" : n > 0 ? `costs ${points(n)} points more` : `saves ${points(-n)} points`);

  // A visit that somebody has moved since the page was loaded.
  function stale(c: Choices, from: Seen): boolean {
    const [, who, date] = (c.at ?? "").split("@");
    return !!who && (who !== from.row.dataset["row"] || weeksBetween(monday, date ?? monday) !== from.col - 1);
  }

  async function drop(v: { ok: boolean; text: string; body?: URLSearchParams }): Promise<void> {
    if (!v.ok || !v.body) {
      say(`Not possible. ${v.text}`);
      return;
    }
    const query = new URLSearchParams(state);
    if (await send(`${here}/moves`, withState(v.body, query))) sayLast();
  }
  const withState = (body: URLSearchParams, query: URLSearchParams): URLSearchParams => {
    body.set("state", query.toString());
    return body;
  };

  // ---- keys

  let mode: "" | "move" | "swap" = "";
  let from: Seen | undefined;
  let to: Target | undefined;
  let choices: Choices | undefined;

  function leave(): void {
    mode = "";
    choices = undefined;
    paint.clear();
    grid.classList.remove("moving");
  }

  async function begin(chip: HTMLElement, what: "move" | "swap"): Promise<void> {
    const no = held(chip);
    if (no) {
      say(no);
      return;
    }
    mode = what;
    from = seen(chip);
    to = { row: from.row, col: from.col, chip: undefined };
    grid.classList.add("moving");
    say(what === "move" ? `Moving ${customer(chip)}. Arrows choose the week and the executive, Enter drops, Escape leaves it.` : `Swapping ${customer(chip)}. Go to another visit, Enter swaps, Escape leaves it.`);
    const mine = from;
    choices = await ask(here, labelOf(chip));
    if (from !== mine || mode !== what) return;
    if (choices.no) {
      say(choices.no);
      leave();
    } else if (stale(choices, mine)) {
      leave();
      say(`Somebody has moved ${customer(chip)} meanwhile. Load the page again to see where it stands.`);
    } else {
      paint.show(choices, mine, monday, weeks);
      if (what === "move" && to && (to.row !== mine.row || to.col !== mine.col)) aim();
    }
  }

  function aim(): void {
    if (!from || !to) return;
    const v = verdict(choices, from, to);
    paint.target(to.row, to.col, v.ok);
    say(v.text);
  }

  // The next row of somebody, up or down; a closed group on the way opens.
  async function beside(row: HTMLElement, by: 1 | -1): Promise<HTMLElement> {
    const beyond = (r: HTMLElement): HTMLElement | undefined => (by > 0 ? r.nextElementSibling : r.previousElementSibling) as HTMLElement | undefined;
    for (let r = beyond(row); r && !r.matches(".tl-head, .tl-sum"); r = beyond(r)) {
      if (!r.matches(".tl-sect")) return r;
      const link = headingIn(r);
      if (!link || !isClosed(r)) continue;
      if (!(await turn(link))) return row;
      if (choices && from) {
        paint.clear();
        paint.show(choices, from, monday, weeks);
      }
      if (by > 0) return r.nextElementSibling as HTMLElement;
      let last = r.nextElementSibling as HTMLElement;
      while (last.nextElementSibling && last.nextElementSibling !== row && !last.nextElementSibling.matches(".tl-sect")) last = last.nextElementSibling as HTMLElement;
      return last;
    }
    return row;
  }

  async function step(key: string): Promise<void> {
    if (!to || !from) return;
    if (key === "ArrowLeft") to = { ...to, col: Math.max(1, to.col - 1) };
    if (key === "ArrowRight") to = { ...to, col: Math.min(weeks, to.col + 1) };
    if (key === "ArrowUp" || key === "ArrowDown") {
      const moving = from;
      const row = await beside(to.row, key === "ArrowDown" ? 1 : -1);
      if (from !== moving || mode !== "move") return; // left meanwhile
      to = { ...to, row };
    }
    aim();
  }

  // ---- several visits go on or back by whole weeks: the verdict is of all, and so is the drop

  let ahead = 0; // by how many weeks those that are taken would go
  const foreseen = new Map<number, Together>(); // by weeks, while nothing changes
  const takenChips = (): HTMLElement[] => [...taken].map(chipOf).filter((c) => c !== undefined);

  function letGo(): void {
    ahead = 0;
    foreseen.clear();
    paint.targets([], false);
  }

  async function foresee(by: number): Promise<Together | undefined> {
    ahead = by;
    const chips = takenChips();
    const spots = chips.map((c) => ({ row: rowOf(c), col: column(c) + by })).filter((s) => s.col >= 1 && s.col <= weeks);
    if (by === 0) {
      paint.targets([], false);
      say(`${chips.length} visits stay where they are.`);
      return undefined;
    }
    let v = foreseen.get(by);
    paint.targets(spots, v?.ok ?? false);
    if (!v) {
      say(`${howFar(by)}: asking what is possible …`);
      v = await together(here, chips.map((c) => seenOf(seen(c))), by);
      if (ahead !== by || taken.size !== chips.length) return undefined; // gone on meanwhile
      foreseen.set(by, v);
    }
    paint.targets(spots, v.ok);
    say(`${howFar(by)}: ${v.text}`);
    return v;
  }

  // Drops all that are taken where the verdict says that they fit.
  async function dropAll(by: number): Promise<void> {
    const v = await foresee(by);
    if (!v) return;
    letGo();
    if (v.ok) await shift(by);
    else say(`Not possible, nothing is moved. ${v.text}`);
  }

  async function shift(by: number): Promise<void> {
    const body = new URLSearchParams({ weeks: String(by) });
    for (const chip of takenChips()) body.append("visit", seenOf(seen(chip)));
    say(`Moving ${taken.size} visits by ${by} ${Math.abs(by) === 1 ? "week" : "weeks"} …`);
    if (await send(`${here}/moves`, body)) {
      untake();
      sayLast();
    }
  }

  function toggle(chip: HTMLElement): void {
    const label = labelOf(chip);
    const no = held(chip);
    if (no || !label) {
      say(no || "This visit cannot be taken.");
      return;
    }
    letGo();
    if (!taken.delete(label)) taken.add(label);
    chip.classList.toggle("tk", taken.has(label));
    say(taken.size === 0 ? "No visits taken." : `${taken.size} ${taken.size === 1 ? "visit" : "visits"} taken. Alt with left or right arrow, or a drag, shows what a week on or back would do; Enter moves them, Escape lets go.`);
  }

  function untake(): void {
    letGo();
    for (const label of taken) chipOf(label)?.classList.remove("tk");
    taken.clear();
  }

  function pin(chip: HTMLElement): void {
    const on = !chip.classList.contains("pi");
    const body = new URLSearchParams({ visit: seenOf(seen(chip)), pinned: on ? "yes" : "no" });
    const name = customer(chip);
    void send(`${here}/pins`, body).then((ok) => ok && say(on ? `${name} is pinned: it stays where it is.` : `${name} is no longer pinned.`));
  }

  grid.addEventListener("keydown", (e) => {
    const chip = (e.target as HTMLElement).closest<HTMLElement>("a.v, a[data-section]");
    if (!chip || e.metaKey || (e.ctrlKey && e.key !== "Home" && e.key !== "End")) return;
    const heading = isHeading(chip) ? (chip as HTMLAnchorElement) : undefined;
    if (heading && mode !== "move") {
      const closed = heading.getAttribute("aria-expanded") === "false";
      if (e.key === "Enter" || e.key === " " || e.key === (closed ? "ArrowRight" : "ArrowLeft")) {
        e.preventDefault();
        void turnHere(heading);
        return;
      }
      if (mode !== "swap" && (e.altKey || /^[mspx]$/i.test(e.key))) return; // these are for visits
    }
    if (mode === "move") {
      if (e.key.startsWith("Arrow")) void step(e.key);
      else if (e.key === "Enter" && from && to) {
        const v = verdict(choices, from, to);
        if (v.ok) leave();
        void drop(v);
      } else if (e.key === "Escape") {
        leave();
        say(`${customer(chip)} stays where it is.`);
      } else return;
      e.preventDefault();
      return;
    }
    if (mode === "swap" && (e.key === "Enter" || e.key === "Escape")) {
      e.preventDefault();
      const v = from && verdict(choices, from, { row: rowOf(chip), col: column(chip), chip });
      if (e.key === "Escape" || !v || !from || chip === from.chip) {
        const back = from?.chip;
        leave();
        go(back);
        say("Nothing is swapped.");
      } else {
        if (v.ok) leave();
        void drop(v);
      }
      return;
    }
    if (e.altKey) {
      if (taken.size > 0 && (e.key === "ArrowLeft" || e.key === "ArrowRight")) {
        e.preventDefault();
        void foresee(Math.max(-53, Math.min(53, ahead + (e.key === "ArrowLeft" ? -1 : 1))));
      }
      return;
    }
    if (ahead !== 0 && (e.key === "Enter" || e.key === "Escape")) {
      e.preventDefault();
      if (e.key === "Enter") void dropAll(ahead);
      else {
        letGo();
        say(`${taken.size} visits stay where they are.`);
      }
      return;
    }
    const r = stops.findIndex((all) => all.includes(chip));
    const row = stops[r];
    if (!row) return;
    const i = row.indexOf(chip);
    if (!heading) lane = column(chip); // a heading on the way does not change it
    let next: HTMLElement | undefined;
    switch (e.key) {
      case "ArrowRight": next = row[i + 1]; break;
      case "ArrowLeft": next = row[i - 1]; break;
      case "ArrowDown": next = nearest(stops[r + 1], lane); break;
      case "ArrowUp": next = nearest(stops[r - 1], lane); break;
      case "PageDown": next = nearest(stops[Math.min(r + 10, stops.length - 1)], lane); break;
      case "PageUp": next = nearest(stops[Math.max(r - 10, 0)], lane); break;
      case "Home": next = e.ctrlKey ? stops[0]?.[0] : row[0]; break;
      case "End": next = e.ctrlKey ? stops.at(-1)?.at(-1) : row.at(-1); break;
      case "Enter": open(chip, true); break;
      case "Escape":
        if (taken.size === 0) return;
        untake();
        say("No visits taken.");
        break;
      case "m": case "M": if (!moves) return; void begin(chip, "move"); break;
      case "s": case "S": if (!moves) return; void begin(chip, "swap"); break;
      case "p": case "P": if (!moves) return; pin(chip); break;
      case "x": case "X": if (!moves) return; toggle(chip); break;
      default: return;
    }
    e.preventDefault();
    if (next && !heading && !isHeading(next) && e.shiftKey && moves && e.key.startsWith("Arrow")) {
      if (!taken.has(labelOf(chip))) toggle(chip);
      if (!taken.has(labelOf(next))) toggle(next);
    }
    go(next);
  });

  // Undo and redo work wherever nobody is typing.
  document.addEventListener("keydown", (e) => {
    const typing = (e.target as HTMLElement).closest("input, select, textarea, [contenteditable]");
    if (typing || e.altKey || mode) return;
    const z = (e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "z";
    const y = (e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "y";
    const plainU = !e.ctrlKey && !e.metaKey && !e.shiftKey && e.key === "u";
    if (!z && !y && !plainU) return;
    const form = document.querySelector<HTMLFormElement>((z && e.shiftKey) || y ? "form[data-redo]" : "form[data-undo]");
    if (!moves) return;
    e.preventDefault();
    if (form) form.requestSubmit();
    else say((z && e.shiftKey) || y ? "There is nothing to make again." : "You have changed nothing here that could be taken back.");
  });

  // What the eye needs and a screen reader has from the label already.
  const tell = (chip: HTMLElement): void => {
    if (mode === "swap" && from && choices && chip !== from.chip) {
      const t = { row: rowOf(chip), col: column(chip), chip };
      const v = verdict(choices, from, t);
      paint.target(t.row, t.col, v.ok);
      say(v.text);
    }
  };
  grid.addEventListener("focusin", (e) => {
    const chip = (e.target as HTMLElement).closest<HTMLElement>("a.v, a[data-section]");
    if (chip && chip !== current) mark(chip);
    if (chip && !isHeading(chip)) tell(chip);
  });
  grid.addEventListener("mouseover", (e) => {
    const chip = (e.target as HTMLElement).closest<HTMLElement>("a.v");
    if (chip && !chip.title) chip.title = `${personOf(rowOf(chip))}: ${words(chip)}`;
  });

  grid.addEventListener("click", (e) => {
    const chip = (e.target as HTMLElement).closest<HTMLElement>("a.v");
    if (!chip || e.button !== 0 || e.shiftKey) return;
    if (dragged) {
      e.preventDefault();
      dragged = false;
      return;
    }
    if ((e.ctrlKey || e.metaKey) && moves) {
      e.preventDefault();
      toggle(chip);
      return;
    }
    if (!labelOf(chip) || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    open(chip, false);
  });

  // ---- drag, with a mouse or a pen: a finger scrolls

  let dragged = false;
  grid.addEventListener("dragstart", (e) => e.preventDefault());
  if (moves) {
    grid.addEventListener("pointerdown", (down) => {
      const chip = (down.target as HTMLElement).closest<HTMLElement>("a.v");
      dragged = false;
      if (!chip || down.button !== 0 || down.pointerType === "touch" || mode || down.ctrlKey || down.metaKey) return;
      const start = seen(chip);
      const many = taken.size > 1 && taken.has(labelOf(chip));
      let ghost: HTMLElement | undefined;
      let c: Choices | undefined;
      let at: Target | undefined;
      let frame = 0;
      let x = down.clientX, y = down.clientY;
      let over: HTMLElement | undefined; // the closed group under the pointer
      let wait = 0;

      const look = (): void => {
        frame = 0;
        if (ghost) ghost.style.transform = `translate(${x + 8}px, ${y + 8}px)`;
        if (scroller) {
          const box = scroller.getBoundingClientRect();
          if (y > box.bottom - 32) scroller.scrollTop += 16;
          if (y < box.top + 64) scroller.scrollTop -= 16;
          if (x > box.right - 32) scroller.scrollLeft += 16;
          if (x < box.left + 232 && x > box.left + 200) scroller.scrollLeft -= 16;
        }
        at = under(x, y);
        const group = closedUnder(x, y);
        if (group !== over) {
          over = group;
          clearTimeout(wait);
          if (group) wait = window.setTimeout(() => void reveal(group), 500);
        }
        if (!at) {
          paint.target(undefined, 0, false);
          return;
        }
        if (many) {
          if (at.col - start.col !== ahead) void foresee(at.col - start.col);
          return;
        }
        const v = verdict(c, start, at);
        paint.target(at.row, at.col, v.ok);
        say(v.text);
      };
      // Who stays over a closed group wants to go in.
      const reveal = async (group: HTMLElement): Promise<void> => {
        const link = headingIn(group);
        if (!ghost || !link || !(await turn(link)) || !ghost) return;
        paint.clear();
        if (c && !c.no) paint.show(c, start, monday, weeks);
        look();
      };
      const move = (e: PointerEvent): void => {
        x = e.clientX; y = e.clientY;
        if (!ghost) {
          if (Math.hypot(x - down.clientX, y - down.clientY) < 5) return;
          dragged = true;
          const no = held(chip);
          if (no) {
            end();
            say(no);
            return;
          }
          ghost = chip.cloneNode(true) as HTMLElement;
          ghost.removeAttribute("id");
          ghost.classList.add("ghost");
          ghost.setAttribute("aria-hidden", "true");
          ghost.tabIndex = -1;
          document.body.append(ghost);
          grid.classList.add("moving");
          say("Asking what is possible …");
          if (!many) void ask(here, labelOf(chip)).then((answer) => {
            if (!ghost) return;
            c = answer;
            if (!c.no && stale(c, start)) c = { ...c, no: `Somebody has moved ${customer(chip)} meanwhile. Load the page again to see where it stands.` };
            if (c.no) say(c.no);
            else paint.show(c, start, monday, weeks);
            look();
          });
        }
        e.preventDefault();
        frame ||= requestAnimationFrame(look);
      };
      const end = (): void => {
        document.removeEventListener("pointermove", move);
        document.removeEventListener("pointerup", up);
        document.removeEventListener("pointercancel", end);
        document.removeEventListener("keydown", escape, true);
        ghost?.remove();
        ghost = undefined;
        cancelAnimationFrame(frame);
        clearTimeout(wait);
        paint.clear();
        grid.classList.remove("moving");
      };
      const up = (e: PointerEvent): void => {
        const moving = !!ghost;
        x = e.clientX; y = e.clientY;
        at = moving ? under(x, y) : undefined;
        end();
        if (!moving) return;
        setTimeout(() => (dragged = false)); // the click that ends the drag has come by then
        if (many) {
          const by = at ? at.col - start.col : 0;
          if (by !== 0) void dropAll(by);
          else {
            letGo();
            say(`${taken.size} visits stay where they are.`);
          }
          return;
        }
        if (!at) say(`${customer(chip)} stays where it is.`);
        else if (at.row === start.row && at.col === start.col && (!at.chip || at.chip === chip)) say(`${customer(chip)} stays where it is.`);
        else void drop(verdict(c, start, at));
      };
      const escape = (e: KeyboardEvent): void => {
        if (e.key !== "Escape") return;
        end();
        letGo();
        say(`${customer(chip)} stays where it is.`);
      };
      document.addEventListener("pointermove", move);
      document.addEventListener("pointerup", up);
      document.addEventListener("pointercancel", end);
      document.addEventListener("keydown", escape, true);
    });
  }

  // The place of the grid under the pointer.
  function under(x: number, y: number): Target | undefined {
    const hit = document.elementsFromPoint(x, y).find((e) => grid.contains(e) && !e.classList.contains("tl-name")) as HTMLElement | undefined;
    const row = hit?.closest<HTMLElement>('[role="row"]');
    if (!row || row.matches(".tl-head, .tl-sum, .tl-sect")) return undefined;
    const name = row.querySelector(".tl-name")?.getBoundingClientRect();
    const head = grid.querySelector<HTMLElement>(".tl-head > .w1")?.getBoundingClientRect();
    if (!name || !head || x < name.right) return undefined;
    const col = Math.floor((x - head.left) / head.width) + 1;
    if (col < 1 || col > weeks) return undefined;
    return { row, col, chip: hit?.closest<HTMLElement>("a.v") ?? undefined };
  }

  function closedUnder(x: number, y: number): HTMLElement | undefined {
    const row = document.elementsFromPoint(x, y).find((e) => grid.contains(e))?.closest<HTMLElement>(".tl-sect");
    return row && isClosed(row) ? row : undefined;
  }

  // The year's page opens where the year is.
  const today = scroller?.querySelector<HTMLElement>(".today");
  if (scroller && today && scroller.scrollWidth > scroller.clientWidth) {
    scroller.scrollLeft = Math.max(0, today.offsetLeft - scroller.clientWidth / 2);
  }
}
