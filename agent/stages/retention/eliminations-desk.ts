import { canonicalJson } from "../../core/canonical-json.ts";
import type { Clock } from "../../core/clock.ts";
import type { Elimination } from "../../core/elimination.ts";
import type { NewId } from "../../core/id.ts";
import { mayAct } from "../../core/person.ts";
import { policyOf, type RetentionRules } from "../../core/retention.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Store } from "../../store/store.ts";
import { NOT_ALLOWED } from "../desk/facts-desk.ts";
import { type Actor, badReason, type Refused, refuse } from "../person-act.ts";
import { type ClosedDossier, closedDossiers } from "./closed-dossiers.ts";
import { eliminations, visasOf } from "./eliminations.ts";
import { findDue, stillSince } from "./find-due.ts";

/** Dossiers of one list: what a person reads before they sign it. */
export const LIST_MOST = 500;
/** Longest name, date and reference of a visa. */
export const VISA = { by: 200, reference: 100 } as const;

/** A visa as it is written on the list that came back. */
export interface Visa {
  id: string;
  /** The fingerprint of the list that was seen: another is refused. */
  sha256: string;
  by: string;
  /** `2026-11-30`. */
  date: string;
  reference: string;
}

/** What of dossiers whose time is over is listed, allowed, or neither. */
export interface Standing {
  /** On no list yet. */
  unlisted: ClosedDossier[];
  /** Their conservation is suspended. */
  held: ClosedDossier[];
  lists: Elimination[];
}

/** How people have closed dossiers of public archives destroyed: a list, then a visa on that very list. */
export interface EliminationsDesk {
  standing(): Promise<Standing>;
  list(id: string): Promise<Elimination | undefined>;
  /** Lists what is on no list yet, the oldest closings first. */
  propose(actor: Actor): Promise<{ outcome: "proposed"; id: string } | Refused>;
  /** Records the visa: from then on the purge takes these dossiers. */
  authorise(visa: Visa, actor: Actor): Promise<{ outcome: "authorised" } | Refused>;
  /** Takes a list back that has no visa. */
  withdraw(given: { id: string; reason: string }, actor: Actor): Promise<{ outcome: "withdrawn" } | Refused>;
}

const UNKNOWN = refuse("unknown_list", "Aucun bordereau n'a cet identifiant.");
const CHANGED = refuse("stale", "Le bordereau a changé pendant votre lecture : relisez-le.");

/** Opens how people list dossiers for elimination and record the visa. */
export function openEliminations(parts: {
  store: Store;
  facility: string;
  rules: RetentionRules;
  clock: Clock;
  newId: NewId;
}): EliminationsDesk {
  const { store, facility, rules, clock, newId } = parts;

  async function standing(): Promise<Standing> {
    const lists = (await eliminations(store.reads, facility)).map(({ content }) => content);
    const now = clock.now();
    const { dossiers } = await closedDossiers(store.reads, facility, stillSince(rules, now));
    const visas = await visasOf(store.reads, facility);
    const { proposed, held } = findDue(dossiers, { rules, now, visas });
    const listed = new Set(
      lists.flatMap((list) => (list.state === "proposed" ? list.dossiers.map((each) => each.incident) : [])),
    );
    return { unlisted: proposed.filter(({ id }) => !listed.has(id)), held, lists };
  }

  async function put(content: Elimination, revision: number): Promise<boolean> {
    const { id, state } = content;
    const write = {
      write: "record",
      kind: "elimination",
      id,
      revision,
      incident: null,
      state,
      content,
    } as const;
    const receipt = await store.commit({ facility, at: clock.now(), writes: [write] });
    return receipt.outcome === "committed";
  }

  const by = (actor: Actor) => ({ at: clock.now(), account: actor.id, name: actor.name });

  return {
    standing,

    async list(id) {
      return (await store.reads.record(facility, "elimination", id))?.content;
    },

    async propose(actor) {
      if (!mayAct(actor, "eliminate")) return NOT_ALLOWED;
      const { unlisted } = await standing();
      if (unlisted.length === 0)
        return refuse("nothing_due", "Aucun dossier n'est à proposer : il n'y a rien à éliminer.");
      const dossiers = unlisted.slice(0, LIST_MOST).map(({ id, reference, occurred, closed, setAside }) => ({
        ...{ incident: id, reference, occurred, closed },
        ...(setAside && { set_aside: true as const }),
      }));
      const id = newId();
      const list: Elimination = {
        ...{ id, state: "proposed", made: by(actor), policy: policyOf("dossiers", rules), dossiers },
        ...{ sha256: sha256Hex(canonicalJson(dossiers)), visa: null },
      };
      return (await put(list, 1)) ? { outcome: "proposed", id } : CHANGED;
    },

    async authorise({ id, sha256, ...visa }, actor) {
      if (!mayAct(actor, "eliminate")) return NOT_ALLOWED;
      const stored = await store.reads.record(facility, "elimination", id);
      if (stored === undefined) return UNKNOWN;
      const { content, revision } = stored;
      if (content.sha256 !== sha256) return CHANGED;
      if (content.state !== "proposed")
        return refuse("settled", "Ce bordereau a déjà son visa, ou a été retiré.");
      const recorded = by(actor);
      const done = await put({ ...content, state: "authorised", visa: { ...visa, recorded } }, revision + 1);
      return done ? { outcome: "authorised" } : CHANGED;
    },

    async withdraw({ id, reason: given }, actor) {
      if (!mayAct(actor, "eliminate")) return NOT_ALLOWED;
      const reason = given.trim();
      const wrong = badReason(reason);
      if (wrong !== undefined) return wrong;
      const stored = await store.reads.record(facility, "elimination", id);
      if (stored === undefined) return UNKNOWN;
      const { content, revision } = stored;
      if (content.state !== "proposed")
        return refuse("settled", "Ce bordereau a déjà son visa, ou a été retiré.");
      const withdrawn = { at: clock.now(), name: actor.name, reason };
      const done = await put({ ...content, state: "withdrawn", withdrawn }, revision + 1);
      return done ? { outcome: "withdrawn" } : CHANGED;
    },
  };
}
