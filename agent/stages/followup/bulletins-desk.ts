import { BULLETIN, type Bulletin, type BulletinState, type Subscriber } from "../../core/bulletin.ts";
import type { Instant } from "../../core/clock.ts";
import type { Masked, Masks } from "../../core/masked.ts";
import { mayAct } from "../../core/person.ts";
import type { RecordKind, Records, Store, Write } from "../../store/store.ts";
import { FORM, NOT_ALLOWED } from "../desk/facts-desk.ts";
import { type Actor, badReason, type Refused, refuse } from "../person-act.ts";
import { impossible } from "../possible-instant.ts";

export interface BulletinDraft extends Pick<Bulletin, "title" | "address" | "text" | "systems"> {
  form: string;
  /** When it came; else now. */
  received?: Instant | undefined;
}

/** Who receives CERT Santé's information service, and what it sent. */
export interface BulletinsDesk {
  list(): Promise<Masked<{ subscribers: Subscriber[]; bulletins: Bulletin[] }>>;
  subscribe(
    person: { form: string } & Pick<Subscriber, "name" | "function" | "email">,
    actor: Actor,
  ): Promise<{ outcome: "subscribed" } | Refused>;
  endSubscription(subscriber: string, actor: Actor): Promise<{ outcome: "ended" } | Refused>;
  record(draft: BulletinDraft, actor: Actor): Promise<{ outcome: "recorded" } | Refused>;
  /** Says what came of a bulletin: handled how, or why it concerns nobody here. */
  settle(
    settling: { bulletin: string; state: Exclude<BulletinState, "unread">; because: string },
    actor: Actor,
  ): Promise<{ outcome: "settled" } | Refused>;
}

/** Bulletins shown at once, the last first. */
const SHOWN = 200;
/** People read at once, those who receive it no more included. */
const MOST_PEOPLE = 500;

const STALE = refuse("bad_form", "Ce formulaire est périmé : rouvrez la page et recommencez.");

/** Builds the part of the desk about the information service; each change is an entry of the journal. */
export function openBulletins(parts: {
  store: Store;
  facility: { id: string; timeZone: string };
  systems: ReadonlyMap<string, unknown>;
  masks: Masks;
  now: () => Instant;
}): BulletinsDesk {
  const { store, facility, systems, masks, now } = parts;

  async function put<K extends RecordKind & ("subscriber" | "bulletin")>(
    kind: K,
    revision: number,
    content: Records[K],
  ): Promise<boolean> {
    const { id, state } = content;
    const write = { write: "record", kind, id, revision, incident: null, state, content } as Write;
    return (
      (await store.commit({ facility: facility.id, at: now(), writes: [write] })).outcome === "committed"
    );
  }

  const CHANGED = refuse("stale", "Quelqu'un l'a changé entre-temps : relisez la page.");
  const clean = (text: string) => text.trim().toWellFormed();
  const writerOf = ({ id, name }: Actor) => ({ account: id, name });

  return {
    async list() {
      const people = await store.reads.byState(facility.id, "subscriber", [], { limit: MOST_PEOPLE });
      const bulletins = await store.reads.byState(facility.id, "bulletin", [], { limit: SHOWN });
      return masks.every(
        {
          subscribers: people.map(({ content }) => content).toReversed(),
          bulletins: bulletins.map(({ content }) => content),
        },
        { incident: null },
      );
    },

    async subscribe({ form, ...person }, actor) {
      if (!mayAct(actor, "follow_up")) return NOT_ALLOWED;
      if (!FORM.test(form)) return STALE;
      const [name, held, email] = [clean(person.name), clean(person.function), clean(person.email)];
      if (name === "") return refuse("nobody_named", "Donnez le nom de la personne abonnée.");
      if ([name, held, email].some((each) => each.length > BULLETIN.title))
        return refuse("too_long", `Chaque champ compte ${BULLETIN.title} caractères au plus.`);
      const { subscribed = 0 } = await store.reads.countByState(facility.id, "subscriber");
      if (subscribed >= BULLETIN.subscribers)
        return refuse("too_many", `${BULLETIN.subscribers} personnes sont déjà abonnées.`);
      const at = now();
      const content = { id: form, name, function: held, email, since: at, by: writerOf(actor) };
      // In its place already: the same form was sent twice.
      await put("subscriber", 1, { ...content, ended: null, state: "subscribed" });
      return { outcome: "subscribed" };
    },

    async endSubscription(id, actor) {
      if (!mayAct(actor, "follow_up")) return NOT_ALLOWED;
      const stored = await store.reads.record(facility.id, "subscriber", id);
      if (stored === undefined) return refuse("unknown", "Cette personne n'est pas abonnée.");
      if (stored.content.state === "ended") return { outcome: "ended" };
      const ended = { at: now(), by: writerOf(actor) };
      const written = await put("subscriber", stored.revision + 1, {
        ...stored.content,
        ended,
        state: "ended",
      });
      return written ? { outcome: "ended" } : CHANGED;
    },

    async record({ form, received, ...draft }, actor) {
      if (!mayAct(actor, "follow_up")) return NOT_ALLOWED;
      if (!FORM.test(form)) return STALE;
      const [title, address, text] = [clean(draft.title), clean(draft.address), clean(draft.text)];
      if (title === "") return refuse("nothing_said", "Donnez le titre du bulletin.");
      if (title.length > BULLETIN.title || address.length > BULLETIN.address || text.length > BULLETIN.text)
        return refuse("too_long", `Le texte compte ${BULLETIN.text} caractères au plus.`);
      if (draft.systems.some((each) => !systems.has(each)) || draft.systems.length > BULLETIN.systems)
        return refuse("unknown_system", "Une application ou un service choisi n'est pas décrit ici.");
      const at = now();
      const wrong = impossible(received ?? at, at, facility.timeZone);
      if (wrong !== undefined) return wrong;
      await put("bulletin", 1, {
        id: form,
        title,
        address,
        text,
        received: received ?? at,
        systems: [...new Set(draft.systems)],
        state: "unread",
        recorded: at,
        by: writerOf(actor),
        handled: null,
      });
      return { outcome: "recorded" };
    },

    async settle({ bulletin: id, state, because: given }, actor) {
      if (!mayAct(actor, "follow_up")) return NOT_ALLOWED;
      const stored = await store.reads.record(facility.id, "bulletin", id);
      if (stored === undefined) return refuse("unknown", "Ce bulletin n'est pas enregistré.");
      if (stored.content.state !== "unread")
        return refuse("already_settled", "Quelqu'un a déjà dit ce qu'il en est de ce bulletin.");
      const because = clean(given);
      const wrong = badReason(because);
      if (wrong !== undefined) return wrong;
      const handled = { at: now(), by: writerOf(actor), because };
      const written = await put("bulletin", stored.revision + 1, { ...stored.content, state, handled });
      return written ? { outcome: "settled" } : CHANGED;
    },
  };
}
