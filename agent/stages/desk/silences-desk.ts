import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { type Maintenance, type Mute, type Silence, SilenceCover } from "../../core/mute.ts";
import { mayAct } from "../../core/person.ts";
import { formatInstant } from "../french.ts";
import { endOf, holding, holdsAt } from "../mute/mutes.ts";
import { coverOf } from "../mute/tell-muted.ts";
import { mayWait, mutesOf } from "../mute/weigh.ts";
import { type Actor, badReason, type Refused, refuse, WRITING } from "../person-act.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Setup } from "../work.ts";
import type { MaintenanceDraft, MuteRow, SilenceDraft, SilencesDesk } from "./desk.ts";
import { FORM, NOT_ALLOWED } from "./facts-desk.ts";

/** Longest silence, and longest works. */
const LONGEST = { days: 30, duration: 30 * MICROSECONDS.day } as const;
/** How far ahead works are planned. */
const AHEAD = { days: 366, duration: 366 * MICROSECONDS.day } as const;
/** How long a form may lie open before "now" is past. */
const PATIENCE = 5 * MICROSECONDS.minute;
/** Silences and works that stand at once. */
const MOST_STANDING = 200;
/** Letters of its own that a name with `*` has at least: fewer would be about everything. */
const LETTERS = 3;
/** Incidents named of one, and those that are over listed. */
const MOST = { incidents: 20, over: 50 } as const;

/** Builds the part of the desk where people silence what makes noise, and plan works. */
export function silencesDesk(parts: {
  pipeline: Pipeline;
  setup: Setup;
  now: () => Instant;
  planned: () => void;
}): SilencesDesk {
  const { pipeline, setup } = parts;
  const zone = setup.facility.time_zone;

  /** Makes one, once for a form. */
  async function make<M extends Mute>(
    { form, reason: given }: { form: string; reason: string },
    actor: Actor,
    build: (common: Omit<Silence, "kind" | "covers" | "from" | "until">, now: Instant) => M | Refused,
  ): Promise<{ outcome: "muted" } | Refused> {
    if (!mayAct(actor, "mute")) return NOT_ALLOWED;
    if (!FORM.test(form))
      return refuse("bad_form", "Ce formulaire est périmé : rouvrez la page et recommencez.");
    const reason = given.trim();
    const wrong = badReason(reason);
    if (wrong !== undefined) return wrong;
    const done = await pipeline.mute(form, (before, now): Mute | Refused => {
      if (before !== undefined) return before;
      if (setup.mutes.list().filter(({ state }) => state === "stands").length >= MOST_STANDING)
        return refuse("too_many", `${MOST_STANDING} sont déjà en cours ou à venir : mettez fin à d'autres.`);
      const author = { account: actor.id, name: actor.name };
      return build({ id: form, reason, author, made: now, state: "stands", ended: null }, now);
    });
    if ("outcome" in done) return done;
    parts.planned();
    return { outcome: "muted" };
  }

  const unknownSystem = (ids: readonly string[]): Refused | undefined => {
    const unknown = ids.find((id) => !setup.systems.has(id));
    return unknown === undefined
      ? undefined
      : refuse("unknown_system", `Le système « ${unknown.slice(0, 60)} » n'est pas décrit ici.`);
  };

  function silenceOf(
    draft: SilenceDraft,
    now: Instant,
  ): Pick<Silence, "covers" | "from" | "until"> | Refused {
    const given = Object.entries(draft.covers).flatMap(([name, value]) =>
      value === undefined || value.trim() === "" ? [] : [[name, value.trim()]],
    );
    if (given.length === 0)
      return refuse(
        "nothing_named",
        "Dites ce qu'il faut mettre en sourdine : un système, une machine, une règle ou une source. Jamais tout.",
      );
    const tooLong = given.find(([, value = ""]) => value.length > WRITING.name);
    if (tooLong !== undefined) return refuse("too_long", `Un nom compte ${WRITING.name} caractères au plus.`);
    const named: Record<string, string> = Object.fromEntries(given);
    const wrong = unknownSystem(named.system === undefined ? [] : [named.system]);
    if (wrong !== undefined) return wrong;
    const covers = SilenceCover.parse(named);
    if (covers.host?.includes("*") === true && covers.host.replaceAll("*", "").length < LETTERS)
      return refuse("too_broad", `Ce nom de machine couvre tout : gardez-en au moins ${LETTERS} caractères.`);
    const { until } = draft;
    if (until <= now) return refuse("expiry_past", `La fin (${formatInstant(until, zone)}) est déjà passée.`);
    if (until > now + LONGEST.duration + PATIENCE)
      return refuse("too_far", `Une mise en sourdine dure ${LONGEST.days} jours au plus.`);
    const same = setup.mutes
      .list()
      .find(
        (each) =>
          each.kind === "silence" &&
          holdsAt(each, now) &&
          JSON.stringify(each.covers) === JSON.stringify(covers),
      );
    if (same !== undefined)
      return refuse(
        "already_muted",
        `C'est déjà en sourdine jusqu'au ${formatInstant(same.until, zone)}, par ${same.author.name}.`,
      );
    return { covers, from: now, until };
  }

  function worksOf(
    draft: MaintenanceDraft,
    now: Instant,
  ): Pick<Maintenance, "covers" | "from" | "until"> | Refused {
    const systems = [...new Set(draft.systems)];
    if (systems.length === 0)
      return refuse("nothing_named", "Dites sur quels systèmes : choisissez-en au moins un.");
    if (systems.length > WRITING.systems)
      return refuse("too_many_systems", `Choisissez ${WRITING.systems} systèmes au plus.`);
    const wrong = unknownSystem(systems);
    if (wrong !== undefined) return wrong;
    const { until } = draft;
    const from = draft.from ?? now;
    const [begins, ends] = [formatInstant(from, zone), formatInstant(until, zone)];
    if (until <= from)
      return refuse("ends_before_it_starts", `La fin (${ends}) précède le début (${begins}).`);
    if (until <= now) return refuse("expiry_past", `La fin (${ends}) est déjà passée.`);
    // Written afterwards it would hide what nobody had planned.
    if (from < now - PATIENCE)
      return refuse(
        "begins_in_the_past",
        `Le début (${begins}) est passé : laissez-le vide pour commencer maintenant.`,
      );
    if (until - from > LONGEST.duration)
      return refuse("too_far", `Des travaux durent ${LONGEST.days} jours au plus.`);
    if (from > now + AHEAD.duration)
      return refuse("too_far", `Des travaux se prévoient ${AHEAD.days} jours à l'avance au plus.`);
    for (const each of setup.mutes.list()) {
      if (each.kind !== "maintenance" || each.state !== "stands" || each.from >= until || each.until <= from)
        continue;
      const shared = each.covers.systems.find((id) => systems.includes(id));
      if (shared !== undefined)
        return refuse(
          "overlapping",
          `Des travaux sont déjà prévus sur ${setup.systems.get(shared)?.name ?? shared} du ${formatInstant(each.from, zone)} au ${formatInstant(each.until, zone)}, par ${each.author.name}.`,
        );
    }
    return { covers: { systems, dependents: draft.dependents }, from: Math.max(from, now), until };
  }

  /** The incidents that each of them is about now. */
  function incidentsNow(now: Instant): Map<string, MuteRow["incidents"]> {
    const found = new Map<string, MuteRow["incidents"]>();
    if (setup.mutes.list().length === 0) return found;
    for (const id of pipeline.incidents()) {
      const work = pipeline.known(id);
      if (work === undefined || !mayWait(work)) continue;
      const facts = work.facts.filter(({ withdrawn }) => withdrawn === null);
      const covering = new Set(facts.flatMap((fact) => setup.mutes.covering(fact)));
      if (covering.size === 0) continue;
      const held = new Set(facts.flatMap((fact) => holding(mutesOf(work, fact, setup), fact, now)));
      for (const mute of covering) {
        const list = found.get(mute.id) ?? [];
        found.set(mute.id, list);
        const { reference } = work.incident;
        if (list.length < MOST.incidents && holdsAt(mute, now))
          list.push({ id, reference, held: held.has(mute) });
      }
    }
    return found;
  }

  return {
    silence: (draft, actor) =>
      make(draft, actor, (common, now) => {
        const rest = silenceOf(draft, now);
        return "outcome" in rest ? rest : { kind: "silence", ...common, ...rest };
      }),

    planWorks: (draft, actor) =>
      make(draft, actor, (common, now) => {
        const rest = worksOf(draft, now);
        return "outcome" in rest ? rest : { kind: "maintenance", ...common, ...rest };
      }),

    async endMute({ mute: id, reason: given }, actor) {
      if (!mayAct(actor, "mute")) return NOT_ALLOWED;
      const reason = given.trim();
      const wrong = badReason(reason);
      if (wrong !== undefined) return wrong;
      const done = await pipeline.mute(id, (before, now): Mute | Refused => {
        if (before === undefined)
          return refuse(
            "unknown_mute",
            "Aucune mise en sourdine, aucuns travaux ne portent cet identifiant.",
          );
        if (before.ended?.name === actor.name && before.ended.reason === reason) return before;
        if (before.state === "over" || before.until <= now)
          return refuse(
            "already_over",
            `C'est déjà fini depuis le ${formatInstant(endOf(before), zone)}${before.ended === null ? "" : `, par ${before.ended.name}`}.`,
          );
        return { ...before, state: "over", ended: { at: now, name: actor.name, reason } };
      });
      if ("outcome" in done) return done;
      parts.planned();
      return { outcome: "ended" };
    },

    mutes() {
      const now = parts.now();
      const incidents = incidentsNow(now);
      const rows = setup.mutes.list().map((mute): MuteRow => {
        const to_come = mute.state === "stands" && now < mute.from;
        const phase = holdsAt(mute, now) ? "now" : to_come ? "to_come" : "over";
        const covers = coverOf(mute, setup.systems);
        return { mute, covers, phase, until: endOf(mute), incidents: incidents.get(mute.id) ?? [] };
      });
      const over = rows.filter(({ phase }) => phase === "over").slice(0, MOST.over);
      return setup.masks.every([...rows.filter(({ phase }) => phase !== "over"), ...over], {
        incident: null,
      });
    },
  };
}
