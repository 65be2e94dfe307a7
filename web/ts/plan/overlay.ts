// Shows on the grid where a visit could go while it is being moved: closed weeks
// are hatched, those that make the plan better are tinted, the target has a ring.

import type { Choices } from "./choices";
import { weeksBetween } from "./dates";

export interface Overlay {
  show(c: Choices, from: { row: HTMLElement; col: number }, monday: string, weeks: number): void;
  target(row: HTMLElement | undefined, col: number, ok: boolean): void;
  /** The places of several at once; none takes the marks away. */
  targets(all: { row: HTMLElement; col: number }[], ok: boolean): void;
  clear(): void;
}

export function overlay(grid: HTMLElement): Overlay {
  let marks: HTMLElement[] = [];
  let aim: HTMLElement | undefined;
  let aims: HTMLElement[] = [];

  const mark = (kind: string, col: number, n: number): HTMLElement => {
    const e = document.createElement("div");
    e.className = `${kind} w${col}${n > 1 ? ` n${n}` : ""}`;
    e.setAttribute("aria-hidden", "true");
    return e;
  };

  return {
    show(c, from, monday, weeks) {
      const shift = weeksBetween(c.monday, monday);
      for (const row of grid.querySelectorAll<HTMLElement>(':scope > [role="row"]')) {
        const id = row.dataset["row"] ?? "";
        if (!c.rows.has(id)) continue;
        const made: HTMLElement[] = [];
        let kind = "";
        let begun = 1;
        for (let col = 1; col <= weeks + 1; col++) {
          const cell = col <= weeks ? c.cell(id, col - 1 + shift) : undefined;
          const own = row === from.row && col === from.col;
          const now = col > weeks ? "" : own ? "own" : typeof cell === "object" ? (cell.price < 0 ? "better" : "can") : "cannot";
          if (now === kind) continue;
          if (kind === "cannot" || kind === "better") made.push(mark(kind, begun, col - begun));
          kind = now;
          begun = col;
        }
        row.append(...made);
        marks.push(...made);
      }
    },
    target(row, col, ok) {
      aim?.remove();
      aim = undefined;
      if (!row) return;
      aim = mark(ok ? "aim" : "aim no", col, 1);
      row.append(aim);
      aim.scrollIntoView({ block: "nearest", inline: "nearest" });
    },
    targets(all, ok) {
      for (const m of aims) m.remove();
      aims = all.map(({ row, col }) => {
        const m = mark(ok ? "aim" : "aim no", col, 1);
        row.append(m);
        return m;
      });
    },
    clear() {
      this.targets([], false);
      for (const m of marks) m.remove();
      marks = [];
      aim?.remove();
      aim = undefined;
    },
  };
}
