import type { Work } from "../work.ts";

/** Ends the requests whose answering version was filed. */
export function settleRequests(work: Pick<Work, "exchanges" | "declarations">): void {
  for (const { id, state, answer } of work.exchanges) {
    if (state !== "open" || answer?.version === undefined) continue;
    const filed = work.declarations.find((each) => each.version === answer.version && each.state === "filed");
    if (filed === undefined) continue;
    work.exchanges = work.exchanges.map((each) =>
      each.id === id ? { ...each, state: "answered", answer: { ...answer, at: filed.updated } } : each,
    );
  }
}
