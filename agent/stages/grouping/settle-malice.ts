import type { Work } from "../work.ts";

/** Settles whether it was malicious by the last word of a person that stands; nobody has said when none does. */
export function settleMalice(work: Pick<Work, "incident" | "facts">): void {
  const said = work.facts
    .filter(
      ({ kind, origin, withdrawn }) =>
        kind === "malicious_action_suspected" && origin.by === "person" && withdrawn === null,
    )
    .reduce<Work["facts"][number] | undefined>(
      (last, each) => (last === undefined || each.stated >= last.stated ? each : last),
      undefined,
    );
  const malicious = said?.holds ?? null;
  if (work.incident.malicious !== malicious) work.incident = { ...work.incident, malicious };
}
