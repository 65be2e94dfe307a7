// What the server says of several visits that would go on by whole weeks together.

export interface Together {
  ok: boolean; // all fit
  text: string; // one verdict for all of them
}

/** Asks about visits, label@executive@date@half each. It never fails: a failure is a reason not to move. */
export async function together(here: string, visits: string[], weeks: number): Promise<Together> {
  const query = new URLSearchParams({ weeks: String(weeks) });
  for (const v of visits) query.append("visit", v);
  try {
    const answer = await fetch(`${here}/together?${query}`, { headers: { Accept: "application/json" } });
    if (answer.ok && !answer.redirected) return (await answer.json()) as Together;
  } catch {
    // The network is away: what follows says so.
  }
  return { ok: false, text: "The server did not say what is possible. Try again in a moment." };
}

/** How far, in words: "2 weeks on", "1 week back". */
export const howFar = (by: number): string => `${Math.abs(by)} ${Math.abs(by) === 1 ? "week" : "weeks"} ${by > 0 ? "on" : "back"}`;
