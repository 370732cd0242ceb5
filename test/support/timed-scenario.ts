import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { System } from "../../agent/core/asset.ts";
import { type Instant, instantFromIso, isoFromInstant, MICROSECONDS } from "../../agent/core/clock.ts";
import { dutyContentOf } from "../../agent/core/duty-file.ts";
import type { FactKind, FactSource } from "../../agent/core/fact.ts";
import type { IncidentState } from "../../agent/core/incident.ts";
import type { Dossier } from "../../agent/stages/desk/desk.ts";
import type { FollowUp } from "../../agent/stages/followup/follow-up-desk.ts";
import type { Actor } from "../../agent/stages/person-act.ts";
import { lettersOf } from "./golden.ts";
import { NIGHT } from "./incident.ts";
import { FACILITY, PROOF } from "./night.ts";
import { type Line, openStages, type Stages } from "./pipeline.ts";

/** The facility of the timed scenarios: a regional image archive, a directory trusted by others, a hosted record. */
const HOSPITAL = [
  {
    id: "pacs",
    name: "PACS régional",
    kind: "imaging",
    hosts: ["pacs-*"],
    health_data: true,
    care_critical: true,
    shared: true,
    degraded_after_minutes: 30,
    restore_within_minutes: 240,
    depends_on: ["annuaire"],
  },
  { id: "ris", name: "RIS", kind: "imaging", hosts: ["ris-*"], depends_on: ["pacs"] },
  { id: "annuaire", name: "Annuaire", kind: "directory", hosts: ["dc0*"], trusted_by_others: true },
  {
    id: "dpi",
    name: "Dossier patient hébergé",
    kind: "patient_record",
    hosts: ["dpi-*"],
    health_data: true,
    care_critical: true,
    degraded_after_minutes: 60,
    restore_within_minutes: 240,
  },
].map((system) => System.parse(system));

export const ON_CALL: Actor = { id: "acc-3", name: "Ève Petit", role: "operator", active: true };
export const RSSI: Actor = { id: "acc-4", name: "Rémi Roy", role: "rssi", active: true };

export const at = (iso: string): Instant => instantFromIso(iso) ?? Number.NaN;

/** A scenario as it is played: the clock is in hand, lines come in, people act, and what is due is sent. */
export interface Played {
  stages: Stages;
  /** Moves the clock to an instant of its own day, `2026-11-15T02:10`, in Paris. */
  until(instant: Instant): Promise<void>;
  /** Takes in lines that happen now. */
  lines(...lines: Omit<Line, "minute">[]): Promise<void>;
  answer(question: string, answer: string, since?: Instant): Promise<void>;
  state(
    kinds: FactKind[],
    source: FactSource,
    more?: { systems?: string[]; callDelegate?: boolean },
  ): Promise<void>;
  dossier(): Promise<Dossier>;
  followUp(): Promise<FollowUp>;
  /** C1 C2 C3 C4 C5 D6, as the tables write them. */
  values(): Promise<string>;
  /** Messages since last asked: what, to whom. */
  told(): string[];
  /** Clocks that run, with from when they count and when they are due. */
  clocks(): Promise<Record<string, { from: string; due: string | null }>>;
  close(): Promise<void>;
}

async function playScenario(facility: { cyber_insurance: boolean }): Promise<Played> {
  const stages = await openStages({
    systems: HOSPITAL,
    facility,
    reach: "assisted",
    regimes: ["sante-2022", "sante-2016", "rgpd-33", "assurance-plainte", "eigs"],
  });
  let told = 0;
  const first = async () => {
    const [oldest] = (await stages.desk.incidents({ limit: 50 })).toReversed();
    if (oldest === undefined) throw new Error("no incident");
    return oldest.incident.id;
  };
  const sweep = async () => {
    while ((await stages.sweeper.sweep()) > 0);
  };
  const done = async (outcome: { outcome: string }) => {
    if (outcome.outcome === "refused") throw new Error(JSON.stringify(outcome));
    await sweep();
  };
  const played: Played = {
    stages,
    async until(instant) {
      // What falls due on the way is carried out when it is due.
      const step = 5 * MICROSECONDS.minute;
      for (
        let now = stages.clock.now();
        instant - now <= MICROSECONDS.day && now + step < instant;
        now += step
      ) {
        stages.clock.set(now + step);
        await sweep();
      }
      stages.clock.set(instant);
      await sweep();
    },
    async lines(...lines) {
      const minute = (stages.clock.now() - NIGHT) / MICROSECONDS.minute;
      await stages.take(...lines.map((line) => ({ ...line, minute })));
      await sweep();
    },
    answer: async (question, answer, since) =>
      done(await stages.desk.answer({ incident: await first(), question, answer, since }, ON_CALL)),
    state: async (kinds, who, { systems = [], callDelegate = false } = {}) =>
      done(
        await stages.desk.stateFacts(
          await first(),
          { form: stages.desk.newForm(), kinds, systems, source: { who, name: "" }, text: "", callDelegate },
          ON_CALL,
        ),
      ),
    async dossier() {
      const dossier = await stages.desk.dossier(await first());
      if (dossier === undefined) throw new Error("no dossier");
      return dossier;
    },
    async followUp() {
      const found = await stages.desk.followUp.of(await first());
      if (found === undefined) throw new Error("no follow-up");
      return found;
    },
    async values() {
      const { qualification } = await played.dossier();
      return qualification === undefined ? "" : Object.values(lettersOf(qualification)).join(" ");
    },
    told() {
      const fresh = stages.messages.slice(told);
      told = stages.messages.length;
      return fresh.map(({ event, key }) => `${key.split(":")[2]} ${event}`);
    },
    async clocks() {
      const { deadlines } = await played.dossier();
      const running = deadlines.filter((each) => each.void !== true);
      return Object.fromEntries(
        running.map(({ regime, started, due }) => [
          regime,
          { from: isoFromInstant(started), due: due === null ? null : isoFromInstant(due) },
        ]),
      );
    },
    close: () => stages.close(),
  };
  return played;
}

/** One row of a scenario's table. */
interface Row {
  time: string;
  event: string;
  act?: (played: Played) => Promise<unknown>;
  /** C1 C2 C3 C4 C5 D6. */
  values: string;
  state: IncidentState;
  /** Who is told of what at this row, and at no other. */
  told?: string[];
  /** What else the row shows. */
  shows?: (played: Played) => Promise<void>;
}

/** Plays rows in their order on one facility; each must hold before the next begins. */
export function plays(
  title: string,
  facility: { cyber_insurance: boolean },
  begins: string,
  rows: readonly Row[],
): void {
  describe(title, () => {
    let played: Played;
    beforeAll(async () => {
      played = await playScenario(facility);
      played.stages.clock.set(at(begins));
    });
    afterAll(() => played.close());

    it.each(rows.map((row) => [row.time.slice(0, 16), row.event, row] as const))(
      "%s %s",
      async (_, __, row) => {
        await played.until(at(row.time));
        await row.act?.(played);
        const { incident } = await played.dossier();
        expect([await played.values(), incident.state]).toEqual([row.values, row.state]);
        expect(played.told()).toEqual(row.told ?? []);
        await row.shows?.(played);
        const all = await played.stages.store.reads.byState(FACILITY, "incident", [], { limit: 10 });
        expect(all.filter(({ content }) => content.state !== "merged")).toHaveLength(1);
      },
    );
  });
}

/** Approves the text that stands, and notes the portal's reference. */
export async function fileIt({ stages, dossier }: Played): Promise<void> {
  const { incident, current } = await dossier();
  const { id, version, sha256 } = current?.declaration ?? { id: "", version: 0, sha256: "" };
  const text = { incident: incident.id, declaration: id, version, sha256 };
  expect((await stages.desk.approve(text, PROOF, stages.delegate)).outcome).toBe("approved");
  const { deliveries } = await dossier();
  const delivery = deliveries.findLast(({ state }) => state === "planned")?.id ?? "";
  const filing = { incident: incident.id, delivery, reference: `SIG-2026-78-${version}` };
  expect((await stages.desk.recordFiling(filing, stages.delegate)).outcome).toBe("recorded");
}

/** Values in the last text of another duty, by field; undefined when there is no text. */
export async function dutyFields(
  { dossier }: Pick<Played, "dossier">,
  regime: string,
  ids: readonly string[],
): Promise<Record<string, string | null> | undefined> {
  const file = (await dossier()).duties.filter((each) => each.regime === regime).at(-1);
  if (file === undefined) return undefined;
  const fields = dutyContentOf(file).sections.flatMap((section) => section.fields);
  return Object.fromEntries(ids.map((id) => [id, fields.find((field) => field.id === id)?.value ?? null]));
}

export const DPO: Actor = { id: "acc-5", name: "Inès Faure", role: "dpo", active: true };
export const DIRECTOR: Actor = { id: "acc-6", name: "Luc Adam", role: "director", active: true };
