import { isoFromInstant } from "../core/clock.ts";
import { TocsinError } from "../core/errors.ts";
import type { Incident } from "../core/incident.ts";
import type { Reads } from "../store/store.ts";

/** Finds an incident by its reference or its id; throws `incident_unknown`, or `incident_erased` unless that is no matter. */
export async function incidentNamed(
  reads: Reads,
  facility: string,
  reference: string,
  { erased = false }: { erased?: boolean } = {},
): Promise<Incident> {
  for (let after: string | undefined; ; ) {
    const page = await reads.byState(facility, "incident", [], { limit: 500, after });
    const found = page.find(({ content }) => content.reference === reference || content.id === reference);
    if (found !== undefined) return erased ? found.content : standing(found.content);
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

function standing(incident: Incident): Incident {
  const { erased, reference } = incident;
  if (erased === undefined) return incident;
  const day = isoFromInstant(erased.at).slice(0, 10);
  throw new TocsinError({
    code: "incident_erased",
    where: reference,
    message: `its content was erased on ${day} by the rule "${erased.policy}"`,
    remedy: "its bundle still tells what is proven of it: `tocsin bundle`",
  });
}
