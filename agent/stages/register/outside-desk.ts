import type { Instant } from "../../core/clock.ts";
import type { OutsideDeclaration, OutsideStatement } from "../../core/outside-declaration.ts";
import { mayAct } from "../../core/person.ts";
import type { Store } from "../../store/store.ts";
import { FORM, NOT_ALLOWED } from "../desk/facts-desk.ts";
import { type Actor, badReason, type Refused, refuse } from "../person-act.ts";

/** A declaration as it is typed in, under the id made with the form: sent twice, it is written once. */
export interface OutsideDraft {
  form: string;
  statement: OutsideStatement;
}

/** A correction: all of the statement anew, on the revision that was read. */
export interface OutsideCorrection {
  id: string;
  revision: number;
  statement: OutsideStatement;
  /** True to say that it should never have been written down. */
  void: boolean;
  reason: string;
}

/** How people write down what was declared outside Tocsin. */
export interface OutsideDesk {
  record(draft: OutsideDraft, actor: Actor): Promise<{ outcome: "recorded"; id: string } | Refused>;
  correct(correction: OutsideCorrection, actor: Actor): Promise<{ outcome: "corrected" } | Refused>;
}

/** Corrections of one declaration: beyond, something writes by itself. */
const MOST_REVISIONS = 50;

/** Builds the part of the desk about declarations made outside; each revision is an entry of the journal. */
export function openOutsideDesk(parts: {
  store: Store;
  facility: string;
  systems: ReadonlyMap<string, unknown>;
  now: () => Instant;
}): OutsideDesk {
  const { store, facility, systems, now } = parts;

  async function wrong(statement: OutsideStatement): Promise<Refused | undefined> {
    const { what, where, by, declared, occurred, incident } = statement;
    if (what.length < 5 || where.length < 2 || by.length < 2)
      return refuse("incomplete", "Dites ce qui s'est passé, où cela a été déclaré et par qui.");
    if (declared > now()) return refuse("future", "La date de déclaration est dans le futur : vérifiez-la.");
    if (occurred !== null && occurred > declared)
      return refuse(
        "order",
        "L'incident ne peut pas avoir commencé après sa déclaration : vérifiez les dates.",
      );
    if (statement.systems.some((each) => !systems.has(each)))
      return refuse("unknown_system", "Une application ou un service choisi n'est pas décrit ici.");
    if (incident !== null && (await store.reads.record(facility, "incident", incident)) === undefined)
      return refuse("unknown_incident", "Aucun incident ne porte cet identifiant.");
    return undefined;
  }

  async function put(id: string, revision: number, content: OutsideDeclaration): Promise<boolean> {
    const record = { write: "record", kind: "outside_declaration", incident: null, state: null } as const;
    const writes = [{ ...record, id, revision, content }];
    return (await store.commit({ facility, at: now(), writes })).outcome === "committed";
  }

  return {
    async record({ form, statement }, actor) {
      if (!mayAct(actor, "edit")) return NOT_ALLOWED;
      if (!FORM.test(form))
        return refuse("bad_form", "Ce formulaire est périmé : rouvrez la page et recommencez.");
      const refused = await wrong(statement);
      if (refused !== undefined) return refused;
      const first = { ...statement, at: now(), writer: writerOf(actor), reason: null, void: false };
      await put(form, 1, { id: form, revisions: [first] });
      // In its place already: the same form was sent twice.
      return { outcome: "recorded", id: form };
    },

    async correct({ id, revision, statement, reason: given, ...correction }, actor) {
      if (!mayAct(actor, "edit")) return NOT_ALLOWED;
      const reason = given.trim();
      const unfit = badReason(reason);
      if (unfit !== undefined) return unfit;
      const stored = await store.reads.record(facility, "outside_declaration", id);
      if (stored === undefined) return refuse("unknown", "Cette déclaration n'est pas au registre.");
      if (stored.revision !== revision)
        return refuse("stale", "Quelqu'un l'a corrigée entre-temps : relisez-la, puis recommencez.");
      if (revision >= MOST_REVISIONS)
        return refuse("too_many", `Elle a déjà été corrigée ${revision - 1} fois.`);
      const refused = await wrong(statement);
      if (refused !== undefined) return refused;
      const next = { ...statement, at: now(), writer: writerOf(actor), reason, void: correction.void };
      const written = await put(id, revision + 1, { id, revisions: [...stored.content.revisions, next] });
      return written
        ? { outcome: "corrected" }
        : refuse("stale", "Quelqu'un l'a corrigée entre-temps : relisez-la, puis recommencez.");
    },
  };
}

function writerOf({ id, name }: Actor): { account: string; name: string } {
  return { account: id, name };
}
