import { TocsinError } from "../core/errors.ts";
import type { Incident } from "../core/incident.ts";
import type { Reads } from "../store/store.ts";

/** Finds an incident by its reference or its id; throws `incident_unknown`. */
export async function incidentNamed(reads: Reads, facility: string, reference: string): Promise<Incident> {
  for (let after: string | undefined; ; ) {
    const page = await reads.byState(facility, "incident", [], { limit: 500, after });
    const found = page.find(({ content }) => content.reference === reference || content.id === reference);
    if (found !== undefined) return found.content;
    after = page.at(-1)?.content.id;
    if (page.length < 500) break;
  }
  throw new TocsinError({
    code: "incident_unknown",
    where: reference,
    message: "no incident has this reference",
    remedy: "read it on the page of the incident",
  });
}
