import type { Message } from "../../../connectors/contract.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import { GroupLink } from "../../core/group-link.ts";
import type { Reads, Write } from "../../store/store.ts";
import { byDay } from "../when-told.ts";
import type { Setup } from "../work.ts";
import type { GroupSettings } from "./group-desk.ts";
import { cut } from "./read-group.ts";

/*
 * Nothing of one facility is written in the record of another: that a dossier of ours was linked is found out here, and
 * told to our own people by our own channels, by day. It wakes nobody: it meets no criterion, and who links has a telephone.
 */

/** Links of each facility looked through, the latest first. */
const MOST = 50;
/** What was declared longer ago is told to nobody: it stands on the page of the group. */
const RECENT = 7 * MICROSECONDS.day;

/** What a `notify` effect carries that tells of a link that another facility declared. */
export interface LinkNewsPayload {
  channel: string;
  event: "group_link";
  /** The facility that declared it, by its id and by our name of it, and the link there. */
  from: { facility: string; name: string; link: string };
}

export function isLinkNews(payload: unknown): payload is LinkNewsPayload {
  return (payload as Partial<LinkNewsPayload> | null)?.event === "group_link";
}

type Told = Pick<Setup, "mode" | "facility" | "notify">;

/** Plans to tell the RSSI, or the delegates where no channel is the RSSI's, of links to dossiers of ours that are new. */
export async function planLinkNews(parts: {
  reads: Pick<Reads, "byState" | "effectsOf" | "record">;
  setup: Told;
  group: GroupSettings;
  now: Instant;
}): Promise<Write[]> {
  const { reads, setup, group, now } = parts;
  const ours = setup.facility.id;
  const channels = channelsOf(setup);
  const planned: Write[] = [];
  for (const { id, name } of group.facilities.filter((each) => each.id !== ours)) {
    // Without a right PostgreSQL shows none of its rows; what else fails is looked at again a minute later.
    const found = await reads.byState(id, "group_link", [], { limit: MOST }).catch(() => []);
    for (const { content } of found) {
      const link = standing(content, ours);
      if (link === undefined || link.at < now - RECENT) continue;
      const { incident } = link.other;
      if ((await reads.record(ours, "incident", incident)) === undefined) continue;
      const known = new Set((await reads.effectsOf(ours, incident)).map(({ key }) => key));
      for (const channel of channels) {
        const payload: LinkNewsPayload = {
          ...{ channel, event: "group_link" },
          from: { facility: id, name, link: link.id },
        };
        const key = `group_link:${ours}:${channel}:${id}:${link.id}`;
        const due = byDay(now, setup.facility.time_zone);
        if (!known.has(key))
          planned.push({ write: "plan", effect: { key, kind: "notify", incident, due, payload } });
      }
    }
  }
  return planned;
}

function channelsOf({ mode, notify }: Told): string[] {
  if (mode === "observe") return [];
  const of = (role: "rssi" | "delegate") =>
    notify.filter((channel) => channel.for.includes(role)).map(({ id }) => id);
  const rssi = of("rssi");
  return rssi.length > 0 ? rssi : of("delegate");
}

/** A link as others wrote it, when it names a dossier of ours and stands. */
function standing(content: unknown, ours: string): GroupLink | undefined {
  const { data } = GroupLink.safeParse(content);
  return data?.withdrawn === null && data.other.facility === ours ? data : undefined;
}

/** Writes what is told of a link, without a word of the other facility; undefined when it stands no more. */
export async function linkNewsMessage(
  reads: Pick<Reads, "ofIncident" | "record">,
  about: {
    key: string;
    incident: string;
    from: LinkNewsPayload["from"];
    setup: Pick<Setup, "mode" | "facility" | "masks">;
    now: Instant;
    link: string;
  },
): Promise<Message | undefined> {
  const { key, incident, from, setup, now, link } = about;
  const facility = setup.facility.id;
  const told = await reads.record(from.facility, "group_link", from.link);
  const declared = standing(told?.content, facility);
  const dossier = await reads.record(facility, "incident", incident);
  if (setup.mode === "observe" || declared === undefined || dossier === undefined) return undefined;
  const facts = await reads.ofIncident(facility, "fact", incident);
  if (underDefenceSecret(facts.map(({ content }) => content))) return undefined;
  const exercise = setup.mode === "exercise";
  const { reference } = dossier.content;
  const does =
    declared.answers === null ? "lie un de ses dossiers au vôtre" : "confirme le lien avec le vôtre";
  const subject = `${exercise ? "EXERCICE : " : ""}${cut(from.name)} ${does} : ${reference}`;
  const text = `${setup.facility.name}. ${cut(from.name)} ${does}, ${reference}. Qui et pourquoi : ouvrez le dossier. Ce lien ne remplit aucun critère : il est une raison de répondre à « Risque pour d'autres établissements ».`;
  return {
    ...{ key, facility, incident, event: "group_link", exercise, link, occurred: now },
    subject: setup.masks.text(subject, { incident }),
    text: setup.masks.text(text, { incident }),
  };
}
