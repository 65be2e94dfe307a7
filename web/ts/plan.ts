// Keys for the grid of the year, after the ARIA grid pattern: the grid is one tab
// stop, arrows move between visits, Enter follows the link. Without this script
// every visit is a plain link.

const grid = document.querySelector<HTMLElement>("[data-grid]");
const say = document.querySelector<HTMLElement>("[data-say]");

if (grid) {
  const rows = [...grid.querySelectorAll<HTMLElement>('[role="row"]')]
    .map((row) => [...row.querySelectorAll<HTMLElement>("a.v")])
    .filter((chips) => chips.length > 0);
  for (const chips of rows) for (const chip of chips) chip.tabIndex = -1;
  const first = rows[0]?.[0];
  if (first) first.tabIndex = 0;
  let current = first;

  const column = (chip: HTMLElement): number => Number(chip.parentElement?.getAttribute("aria-colindex") ?? 0);

  const go = (chip: HTMLElement | undefined): void => {
    if (!chip) return;
    if (current) current.tabIndex = -1;
    chip.tabIndex = 0;
    current = chip;
    chip.focus({ preventScroll: true });
    // The sticky header and name column must not cover what has the focus.
    chip.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  // The visit of a row that is nearest to a column.
  const nearest = (chips: HTMLElement[] | undefined, col: number): HTMLElement | undefined =>
    chips?.reduce((best, chip) => (Math.abs(column(chip) - col) < Math.abs(column(best) - col) ? chip : best));

  grid.addEventListener("keydown", (e) => {
    const chip = (e.target as HTMLElement).closest<HTMLElement>("a.v");
    if (!chip || e.altKey || e.metaKey) return;
    const r = rows.findIndex((chips) => chips.includes(chip));
    const row = rows[r];
    if (!row) return;
    const i = row.indexOf(chip);
    let to: HTMLElement | undefined;
    switch (e.key) {
      case "ArrowRight": to = row[i + 1]; break;
      case "ArrowLeft": to = row[i - 1]; break;
      case "ArrowDown": to = nearest(rows[r + 1], column(chip)); break;
      case "ArrowUp": to = nearest(rows[r - 1], column(chip)); break;
      case "PageDown": to = nearest(rows[Math.min(r + 10, rows.length - 1)], column(chip)); break;
      case "PageUp": to = nearest(rows[Math.max(r - 10, 0)], column(chip)); break;
      case "Home": to = e.ctrlKey ? rows[0]?.[0] : row[0]; break;
      case "End": to = e.ctrlKey ? rows.at(-1)?.at(-1) : row.at(-1); break;
      default: return;
    }
    e.preventDefault();
    go(to);
  });

  // What the eye needs and a screen reader has from the label already.
  const tell = (e: Event): void => {
    const chip = (e.target as HTMLElement).closest<HTMLElement>("a.v");
    if (!chip || !say) return;
    const name = chip.closest('[role="row"]')?.querySelector(".tl-name > :first-child")?.textContent ?? "";
    say.textContent = `${name}: ${chip.getAttribute("aria-label") ?? ""}`;
  };
  grid.addEventListener("focusin", (e) => {
    const chip = (e.target as HTMLElement).closest<HTMLElement>("a.v");
    if (chip && chip !== current) {
      if (current) current.tabIndex = -1;
      chip.tabIndex = 0;
      current = chip;
    }
    tell(e);
  });
  grid.addEventListener("mouseover", tell);

  // The year's page opens where the year is.
  const scroller = grid.closest<HTMLElement>(".tl-scroll");
  const today = scroller?.querySelector<HTMLElement>(".today");
  if (scroller && today && scroller.scrollWidth > scroller.clientWidth) {
    scroller.scrollLeft = Math.max(0, today.offsetLeft - scroller.clientWidth / 2);
  }
}
