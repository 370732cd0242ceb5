import type { Instant } from "../../core/clock.ts";
import type { GroupLink } from "../../core/group-link.ts";
import type { Incident } from "../../core/incident.ts";
import type { Masked } from "../../core/masked.ts";
import type { Account } from "../../core/person.ts";
import type { Refused } from "../person-act.ts";

/** What a configuration says of the group. */
export interface GroupSettings {
  name: string;
  facilities: readonly { id: string; name: string }[];
  members: readonly string[];
}

/** What the group sees of one open dossier: how it stands, and nothing of what happened in it. */
export interface GroupDossier {
  incident: string;
  reference: string;
  /** What kind of incident it is, in French: its causes. */
  title: string;
  state: Incident["state"];
  /** The verdict as the facility's own law packs word it; null while nothing was evaluated. */
  sentence: string | null;
  occurred: Instant;
  /** By the names that the facility gives them. */
  systems: string[];
  /** True while its delegate has a text to decide on. */
  awaited: boolean;
  /** Its last change. */
  last: Instant;
  /** True of ours when another facility linked it with one of theirs, and nobody here has confirmed it. */
  proposed: boolean;
}

/** One facility of the group as its members see it. */
export interface GroupFacility {
  id: string;
  name: string;
  ours: boolean;
  /** `unread`: nothing of it can be read, be it for want of a right or because it keeps nothing here. */
  outcome: "read" | "unread";
  /** `live` unless the facility says otherwise; undefined when it said nothing. */
  mode: string | undefined;
  dossiers: GroupDossier[];
  /** True when there are more than are shown. */
  more: boolean;
}

/** What is asked of the group; all of it when nothing is named. */
export interface GroupSought {
  facility: string;
  state: string;
  /** Only those that wait for a decision. */
  awaited: boolean;
}

/** A link as a dossier shows it. */
export interface LinkRow {
  link: GroupLink;
  /** True when the other facility declared it too, and that stands. */
  both: boolean;
}

/** A link that another facility declared towards a dossier of ours, and that nobody here has confirmed. */
export interface LinkProposal {
  facility: { id: string; name: string };
  link: GroupLink;
}

export interface DossierLinks {
  /** Declared here, the latest first; those that were withdrawn too. */
  links: LinkRow[];
  proposals: LinkProposal[];
  /** Facilities whose links could not be looked for. */
  unread: string[];
}

export interface Linking {
  /** Made with the form it was typed in. */
  form: string;
  /** Reference or id of ours. */
  incident: string;
  facility: string;
  /** Reference or id of theirs. */
  other: string;
  reason: string;
}

/** What the members of a group see of each other's dossiers, and how they say that two belong together. */
export interface GroupDesk {
  readonly name: string;
  readonly facilities: readonly { id: string; name: string; ours: boolean }[];
  isMember(person: Pick<Account, "login">): boolean;
  /** What is open in the group; that it was looked at is journalled here, once an hour and person, or nothing is shown. */
  look(sought: GroupSought, person: Account): Promise<Masked<GroupFacility[]>>;
  /** What links a dossier, or one that went into it, with those of others. */
  linksOf(incidents: readonly string[]): Promise<Masked<DossierLinks>>;
  link(linking: Linking, person: Account): Promise<{ outcome: "linked"; incident: string } | Refused>;
  /** Says the same of what another facility declared: a record of our own. */
  confirm(
    confirming: Omit<Linking, "other"> & { link: string },
    person: Account,
  ): Promise<{ outcome: "linked"; incident: string } | Refused>;
  /** Says that they do not belong together: the link stays readable. */
  withdraw(
    withdrawing: { incident: string; link: string; reason: string },
    person: Account,
  ): Promise<{ outcome: "withdrawn" } | Refused>;
}
