import type { Elimination } from "../../core/elimination.ts";
import type { Reads, Stored } from "../../store/store.ts";

const PAGE = 200;

/** Every list for elimination in these states, newest first. */
export async function eliminations(
  reads: Pick<Reads, "byState">,
  facility: string,
  states: readonly Elimination["state"][] = [],
): Promise<Stored<Elimination>[]> {
  const found: Stored<Elimination>[] = [];
  for (let after: string | undefined; ; ) {
    const page = await reads.byState(facility, "elimination", states, { limit: PAGE, after });
    found.push(...page);
    after = page.at(-1)?.content.id;
    if (page.length < PAGE) return found;
  }
}

/** The visas that were recorded, by the incident that they allow to destroy. */
export async function visasOf(reads: Pick<Reads, "byState">, facility: string): Promise<Map<string, string>> {
  const visas = new Map<string, string>();
  for (const { content } of await eliminations(reads, facility, ["authorised"]))
    for (const { incident } of content.dossiers) visas.set(incident, content.visa?.reference ?? "");
  return visas;
}
