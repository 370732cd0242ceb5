import type { Reads } from "../../store/store.ts";
import type { GroupingView, Kin } from "../desk/desk.ts";
import { lastRegrouping } from "../desk/regroup-desk.ts";
import { damagedIncidents, type Work } from "../work.ts";

const MOST = 30;

/** Names the incidents that one was made of, follows, or may belong with. */
export async function kinOf(
  { incident, regroupings }: Pick<Work, "incident" | "regroupings">,
  reads: Pick<Reads, "damaged" | "record">,
  facility: string,
): Promise<GroupingView> {
  const standing = regroupings.filter(({ state }) => state === "stands");
  const named: Omit<Kin, "reference">[] = [
    ...(incident.state === "merged" && incident.merged_into !== undefined
      ? [{ relation: "merged_into" as const, incident: incident.merged_into, because: "" }]
      : []),
    ...(incident.follows ?? []).map((id) => ({ relation: "follows" as const, incident: id, because: "" })),
    ...(incident.linked ?? []).map((each) => ({ relation: "linked" as const, ...each })),
    ...standing.flatMap(({ kind, before, made, because }): Omit<Kin, "reference">[] =>
      kind === "merge"
        ? before
            .slice(1)
            .map((each) => ({ relation: "merged" as const, incident: each.incident.id, because }))
        : made.map((id) => ({ relation: "split_off" as const, incident: id, because })),
    ),
    ...(incident.apart ?? []).map((id) => ({ relation: "apart" as const, incident: id, because: "" })),
  ];
  const kin: Kin[] = [];
  for (const each of named.slice(0, MOST)) {
    // Another dossier that cannot be read keeps nobody from this one.
    const apart = damagedIncidents(reads).has(each.incident);
    const found = apart ? undefined : await reads.record(facility, "incident", each.incident);
    const known = kin.some(({ incident: id }) => id === each.incident);
    if (found !== undefined && !known) kin.push({ ...each, reference: found.content.reference });
  }
  const last = lastRegrouping({ regroupings });
  return {
    kin,
    last:
      last === undefined
        ? null
        : { kind: last.kind, by: last.by?.name ?? null, at: last.at, because: last.because },
  };
}
