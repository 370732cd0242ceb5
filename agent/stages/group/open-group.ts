import { type Clock, MICROSECONDS } from "../../core/clock.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import { GroupLink, groupLinkState, targetState } from "../../core/group-link.ts";
import type { Incident } from "../../core/incident.ts";
import type { Masks } from "../../core/masked.ts";
import { type Account, mayAct } from "../../core/person.ts";
import type { Store, Write } from "../../store/store.ts";
import { FORM, NOT_ALLOWED } from "../desk/facts-desk.ts";
import { badReason, type Refused, refuse } from "../person-act.ts";
import type { DossierLinks, GroupDesk, GroupSettings, Linking, LinkProposal } from "./group-desk.ts";
import { cut, incidentOf, leadingOf, readFacility, titleOf } from "./read-group.ts";

/** Links of one dossier, those that were withdrawn included. */
const MOST = 50;
/** Looks remembered: beyond, the oldest is forgotten, and is journalled again. */
const REMEMBERED = 1000;

const UNKNOWN = refuse("unknown_incident", "Aucun incident d'ici ne porte cette référence.");
const NO_MEMBER = refuse("not_member", "Vous n'êtes pas de ceux qui voient le groupe.");

/** Opens what a group of facilities sees of its dossiers, over the record that they share. */
export function openGroup(parts: {
  store: Store;
  facility: string;
  group: GroupSettings;
  masks: Masks;
  clock: Clock;
}): GroupDesk {
  const { store, facility, group, masks, clock } = parts;
  const { reads } = store;
  const facilities = group.facilities.map(({ id, name }) => ({ id, name, ours: id === facility }));
  const others = facilities.filter(({ ours }) => !ours);
  const members = new Set(group.members);
  const looked = new Set<string>();
  const isMember: GroupDesk["isMember"] = ({ login }) => members.has(login);

  async function noteLook({ id, name, role }: Account, shown: readonly string[]): Promise<void> {
    const at = clock.now();
    const key = `${id} ${shown.join(" ")} ${Math.floor(at / MICROSECONDS.hour)}`;
    if (looked.has(key)) return;
    const content = { account: id, name, role, facilities: shown };
    await store.commit({
      ...{ facility, at },
      writes: [{ write: "note", what: "group_read", incident: null, content }],
    });
    looked.add(key);
    if (looked.size > REMEMBERED) looked.delete(looked.values().next().value ?? "");
  }

  /** Ours, when something may still be said of it. */
  async function ours(named: string): Promise<Incident | Refused> {
    const incident = await incidentOf(reads, facility, named);
    if (incident === undefined) return UNKNOWN;
    if (incident.erased !== undefined)
      return refuse("erased", "Le contenu de ce dossier a été effacé par une règle de conservation.");
    if (incident.state === "merged")
      return refuse("merged", "Cet incident a été réuni à un autre : liez celui-là.");
    const facts = await reads.ofIncident(facility, "fact", incident.id);
    if (underDefenceSecret(facts.map(({ content }) => content)))
      return refuse(
        "secret",
        "Ce dossier est couvert par le secret de la défense nationale : rien n'en est dit ailleurs.",
      );
    return incident;
  }

  /** What names theirs. */
  async function theirs(id: string, named: string): Promise<GroupLink["other"] | Refused> {
    const other = others.find((each) => each.id === id);
    if (other === undefined) return refuse("unknown_facility", "Cet établissement n'est pas du groupe.");
    const incident = await incidentOf(reads, id, named);
    const secret =
      incident !== undefined && (await leadingOf(reads, id, incident.id))?.verdict === "withheld";
    if (incident === undefined || secret)
      return refuse(
        "unknown_other",
        `Aucun incident de cette référence n'est visible d'ici chez ${other.name}.`,
      );
    const { reference } = incident;
    return { facility: id, name: other.name, incident: incident.id, reference, title: titleOf(incident) };
  }

  async function declare(
    linking: Linking,
    person: Account,
    answers: string | null,
  ): Promise<{ outcome: "linked"; incident: string } | Refused> {
    if (!isMember(person)) return NO_MEMBER;
    if (!mayAct(person, "answer")) return NOT_ALLOWED;
    if (!FORM.test(linking.form))
      return refuse("bad_form", "Ce formulaire est périmé : rouvrez la page et recommencez.");
    const given = linking.reason.trim().toWellFormed();
    const wrong = badReason(given);
    if (wrong !== undefined) return wrong;
    const incident = await ours(linking.incident);
    if ("outcome" in incident) return incident;
    const known = await reads.record(facility, "group_link", linking.form);
    if (known !== undefined) return { outcome: "linked", incident: known.content.incident };
    const other = await theirs(linking.facility, linking.other);
    if ("outcome" in other) return other;
    const before = await reads.ofIncident(facility, "group_link", incident.id);
    if (before.some(({ content }) => groupLinkState(content) === targetState(other)))
      return refuse("already_linked", "Ces deux dossiers sont déjà liés.");
    if (before.length >= MOST)
      return refuse("too_many", `Ce dossier a déjà été lié ${MOST} fois : voyez ses liens.`);
    const content: GroupLink = {
      ...{ id: linking.form, incident: incident.id, reference: incident.reference },
      ...{ other, answers, withdrawn: null },
      ...{ by: { account: person.id, name: person.name }, at: clock.now() },
      reason: masks.text(given, { incident: incident.id }),
    };
    const receipt = await store.commit({
      ...{ facility, at: content.at },
      writes: [put(content, 1)],
    });
    return receipt.outcome === "committed"
      ? { outcome: "linked", incident: incident.id }
      : refuse("stale", "Quelqu'un a agi entre-temps : relisez la page, puis recommencez.");
  }

  /** What another facility says of dossiers of ours. */
  async function declaredBy(
    other: { id: string; name: string },
    incidents: readonly string[],
  ): Promise<LinkProposal[]> {
    // No state would be all of them.
    if (incidents.length === 0) return [];
    const states = incidents.map((incident) => targetState({ facility, incident }));
    const found = await reads.byState(other.id, "group_link", states, { limit: MOST });
    return found.flatMap(({ content }) => {
      const link = linkFrom(content);
      if (link === undefined || link.withdrawn !== null || link.other.facility !== facility) return [];
      if (!incidents.includes(link.other.incident)) return [];
      return [{ facility: { id: other.id, name: other.name }, link }];
    });
  }

  async function linksOf(incidents: readonly string[]): Promise<DossierLinks> {
    const declared: LinkProposal[] = [];
    const unread: string[] = [];
    for (const other of others)
      try {
        declared.push(...(await declaredBy(other, incidents)));
      } catch {
        // A dossier of ours is read whatever can be read of others.
        unread.push(other.name);
      }
    const own = (
      await Promise.all(incidents.map((each) => reads.ofIncident(facility, "group_link", each)))
    ).flatMap((found) => found.map(({ content }) => content));
    const standing = own.filter(({ withdrawn }) => withdrawn === null);
    const isSame = (link: GroupLink, { facility: from, link: told }: LinkProposal) =>
      link.other.facility === from.id && link.other.incident === told.incident;
    return {
      links: own
        .toSorted((a, b) => b.at - a.at)
        .map((link) => ({
          link,
          both: link.withdrawn === null && declared.some((each) => isSame(link, each)),
        })),
      proposals: declared.filter((each) => !standing.some((link) => isSame(link, each))),
      unread,
    };
  }

  return {
    name: group.name,
    facilities,
    isMember,

    async look(sought, person) {
      const wanted = facilities.filter(({ id }) => sought.facility === "" || id === sought.facility);
      const rows = [];
      // One after the other: read together, they would hold up all that is asked meanwhile.
      for (const each of wanted) rows.push(await readFacility(reads, each, sought));
      for (const { dossiers } of rows.filter(({ ours }) => ours)) {
        const { proposals } = await linksOf(dossiers.map(({ incident }) => incident));
        const proposed = new Set(proposals.map(({ link }) => link.other.incident));
        for (const each of dossiers) each.proposed = proposed.has(each.incident);
      }
      await noteLook(
        person,
        rows.filter(({ outcome }) => outcome === "read").map(({ id }) => id),
      );
      return masks.every(rows, { incident: null });
    },

    linksOf: async (incidents) => masks.every(await linksOf(incidents), { incident: incidents[0] ?? null }),

    link: (linking, person) => declare(linking, person, null),

    async confirm({ link, ...confirming }, person) {
      if (!isMember(person)) return NO_MEMBER;
      const from = others.find(({ id }) => id === confirming.facility);
      const told = from && linkFrom((await reads.record(from.id, "group_link", link))?.content);
      if (told === undefined || told.withdrawn !== null || told.other.facility !== facility)
        return refuse("unknown_link", "Ce lien n'est pas proposé, ou ne l'est plus : relisez la page.");
      return declare({ ...confirming, other: told.incident }, person, told.id);
    },

    async withdraw({ incident, link, reason }, person) {
      if (!isMember(person)) return NO_MEMBER;
      if (!mayAct(person, "answer")) return NOT_ALLOWED;
      const given = reason.trim().toWellFormed();
      const wrong = badReason(given);
      if (wrong !== undefined) return wrong;
      const stored = await reads.record(facility, "group_link", link);
      if (stored === undefined || stored.content.incident !== incident)
        return refuse("unknown_link", "Ce lien n'est pas de ce dossier.");
      if (stored.content.withdrawn !== null) return { outcome: "withdrawn" };
      const at = clock.now();
      const withdrawn = {
        ...{ at, account: person.id, name: person.name },
        reason: masks.text(given, { incident }),
      };
      const receipt = await store.commit({
        ...{ facility, at },
        writes: [put({ ...stored.content, withdrawn }, stored.revision + 1)],
      });
      return receipt.outcome === "committed"
        ? { outcome: "withdrawn" }
        : refuse("stale", "Quelqu'un a agi entre-temps : relisez la page, puis recommencez.");
    },
  };
}

/** A link as others wrote it, at a length that can be shown; undefined of what is none. */
function linkFrom(content: unknown): GroupLink | undefined {
  const { data } = GroupLink.safeParse(content);
  if (data === undefined) return undefined;
  const { reference, reason, by } = data;
  return { ...data, reference: cut(reference), reason: cut(reason), by: { ...by, name: cut(by.name) } };
}

function put(content: GroupLink, revision: number): Write {
  const { id, incident } = content;
  const record = { write: "record", kind: "group_link" } as const;
  return { ...record, id, revision, incident, state: groupLinkState(content), content };
}
