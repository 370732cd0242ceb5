import type { FactKind } from "../../core/fact.ts";
import { type Account, mayAct } from "../../core/person.ts";
import { CRITERION_VALUES } from "../../core/qualification.ts";
import type { Dossier } from "../../stages/desk/desk.ts";
import type { GroupDesk } from "../../stages/group/group-desk.ts";

/** The criterion that a link is a reason to look at, and the statement of a person that makes it met. */
const OTHERS = "C5";
const STATED: FactKind = "others_affected";

/** What ties a dossier to those of other facilities of the group; null where there is no group, or nothing may be told. */
export async function groupRows(
  dossier: Dossier,
  { group, person, newForm }: { group: GroupDesk | undefined; person: Account; newForm: () => string },
) {
  if (group === undefined || dossier.qualification?.verdict === "withheld") return null;
  const merged = dossier.grouping.kin.filter(({ relation }) => relation === "merged");
  const found = await group.linksOf([dossier.incident.id, ...merged.map(({ incident }) => incident)]);
  const criterion = dossier.qualification?.criteria.find(({ id }) => id === OTHERS);
  const standing = found.links.some(({ link }) => link.withdrawn === null);
  const member = group.isMember(person);
  return {
    ...{ ...found, newForm, member },
    may: member && mayAct(person, "answer") && dossier.incident.state !== "merged",
    facilities: group.facilities.filter(({ ours }) => !ours),
    /** Why a link matters, once there is one. */
    criterion:
      (standing || found.proposals.length > 0) && criterion !== undefined
        ? {
            label: criterion.label,
            article: criterion.article,
            words: CRITERION_VALUES[criterion.value],
            // A person's own statement settles it; until then it is theirs to make.
            stated: dossier.facts.some(
              ({ kind, withdrawn, origin }) =>
                kind === STATED && withdrawn === null && origin.by === "person",
            ),
          }
        : null,
  };
}
