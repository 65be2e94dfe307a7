// What the server says of a visit: where it could go, and what that would cost.

export interface Cell {
  half: number; // of the week, 0 is Monday morning
  price: number;
}

export interface Choices {
  no: string; // why nobody may move it; "" where somebody may
  at: string | undefined; // label@executive@date@half
  monday: string; // of week 0
  rows: Map<string, string[]>;
  /** A place with its price, or why there is none; undefined outside of the plan. */
  cell(row: string, week: number): Cell | string | undefined;
  /** The price of trading places with a visit, or why not; undefined where it stands nowhere. */
  trade(label: string): number | string | undefined;
}

interface Answer {
  no?: string;
  monday?: string;
  at?: string;
  rows?: Record<string, string>;
  trades?: Record<string, string>;
  why?: Record<string, string>;
}

/** Asks the server about a visit. It never fails: a failure is a reason not to move. */
export async function ask(here: string, label: string): Promise<Choices> {
  let a: Answer = { no: "The server did not say what is possible. Try again in a moment." };
  try {
    const answer = await fetch(`${here}/choices?visit=${encodeURIComponent(label)}`, { headers: { Accept: "application/json" } });
    if (answer.ok && !answer.redirected) a = (await answer.json()) as Answer;
  } catch {
    // The network is away: a says so.
  }
  const why = a.why ?? {};
  const rows = new Map(Object.entries(a.rows ?? {}).map(([id, words]) => [id, words.split(" ")]));
  return {
    no: a.no ?? "",
    at: a.at,
    monday: a.monday ?? "",
    rows,
    cell(row, week) {
      const word = rows.get(row)?.[week];
      if (word === undefined) return undefined;
      if (word.length === 1) return why[word] ?? "not possible";
      return { half: parseInt(word.charAt(0), 16), price: Number(word.slice(1)) };
    },
    trade(label) {
      const word = a.trades?.[label];
      if (word === undefined) return undefined;
      return word.length === 1 ? (why[word] ?? "cannot") : Number(word);
    },
  };
}
