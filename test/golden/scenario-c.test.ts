import { expect } from "vitest";
import {
  type BreachLine,
  breachCsv,
  breachesIn,
  eachBreachLine,
} from "../../agent/stages/duties/breach-register.ts";
import { openRegister } from "../../agent/stages/register/open-register.ts";
import { MASKS } from "../support/masks.ts";
import { PROOF } from "../support/night.ts";
import { down, up } from "../support/pipeline.ts";
import { at, DPO, fileIt, ON_CALL, plays } from "../support/timed-scenario.ts";

const DPI_HOSTS = Array.from({ length: 60 }, (_, i) => `dpi-${i}`);

plays(
  "C. Hosted patient record down for six hours, not malicious",
  { cyber_insurance: true },
  "2026-11-10T09:00:00+01:00",
  [
    {
      time: "2026-11-10T09:12:00+01:00",
      event: "the probe fails, 60 alerts: one, watched",
      act: (played) => played.lines(...DPI_HOSTS.map((host) => down(host))),
      values: "– – – – – –",
      state: "candidate",
      shows: async (played) => expect((await played.dossier()).incident.alerts).toBe(60),
    },
    {
      time: "2026-11-10T09:20:00+01:00",
      event: "the provider says that it is the storage",
      act: (played) => played.answer("malicious", "no"),
      values: "? ? ? ? ? N",
      state: "open",
      told: ["astreinte incident_opened"],
    },
    {
      time: "2026-11-10T09:40:00+01:00",
      event: "the emergency ward has been on paper since 09:35: promoted early, the delegate is told",
      act: async (played) => {
        await played.answer("degraded_mode", "yes", at("2026-11-10T09:35:00+01:00"));
        await played.stages.desk.takeUp((await played.dossier()).incident.id, ON_CALL);
      },
      values: "Rp ? R ? ? N",
      state: "in_review",
      told: ["deleguee decision_needed"],
      shows: async (played) => {
        const clocks = await played.clocks();
        expect(clocks["rgpd-33"]?.due).toBe("2026-11-13T08:40:00.000Z");
        expect(clocks["assurance-plainte"]).toBeUndefined();
      },
    },
    {
      time: "2026-11-10T09:55:00+01:00",
      event: "no diversion",
      act: (played) => played.answer("care_diverted", "no"),
      values: "Rp ? R N ? N",
      state: "in_review",
    },
    {
      time: "2026-11-10T10:05:00+01:00",
      event: "three other hospitals are hit",
      act: (played) => played.answer("others_affected", "yes"),
      values: "Rp ? R N R N",
      state: "in_review",
    },
    {
      time: "2026-11-10T10:12:00+01:00",
      event: "the delay of 60 minutes passes: no second message",
      values: "Rp ? R N R N",
      state: "in_review",
      shows: async (played) => {
        const { qualification } = await played.dossier();
        const bases = qualification?.criteria
          .find(({ id }) => id === "C3")
          ?.because.map(({ basis }) => basis);
        expect(bases).toContain("setting");
      },
    },
    {
      time: "2026-11-10T10:31:00+01:00",
      event: "approved and filed",
      act: fileIt,
      values: "Rp ? R N R N",
      state: "declared",
    },
    {
      time: "2026-11-10T13:12:00+01:00",
      event: "the time promised for the repair has passed",
      values: "Rp ? R N R N",
      state: "declared",
    },
    {
      time: "2026-11-10T15:12:00+01:00",
      event: "the probe is green and the wards are still on paper: not over",
      act: (played) => played.lines(...DPI_HOSTS.map((host) => up(host))),
      values: "Rp ? R N R N",
      state: "declared",
    },
    {
      time: "2026-11-10T16:10:00+01:00",
      event: "the wards are back",
      act: async ({ stages, dossier }) => {
        const { incident, facts } = await dossier();
        const paper = facts.find(({ kind, withdrawn }) => kind === "degraded_mode" && withdrawn === null);
        const end = {
          incident: incident.id,
          fact: paper?.id ?? "",
          source: { who: "care", name: "" } as const,
        };
        expect(await stages.desk.endFact(end, ON_CALL)).toEqual({ outcome: "ended" });
      },
      values: "Rp ? R N R N",
      state: "facts_ended",
    },
    {
      time: "2026-11-10T17:40:00+01:00",
      event: "no data is lost, a person says",
      act: (played) => played.answer("health_data", "no"),
      values: "Rp N R N R N",
      state: "facts_ended",
      // An hour after the last state ended, the notice that the machine proposes is called to mind.
      told: ["deleguee follow_up_due"],
      shows: async (played) => {
        const { current, owesNotice } = await played.dossier();
        expect(current?.declaration).toMatchObject({ kind: "resolution", version: 2, state: "draft" });
        expect(current?.content.text).toContain("Tous les états constatés ont pris fin, le dernier le");
        expect(owesNotice).toBe(true);
      },
    },
    {
      time: "2026-11-10T17:50:00+01:00",
      event:
        "the risk is excluded: the breach is in the internal register with the reasons, and is not notified",
      act: async (played) => {
        await played.answer("risk", "yes");
        const { incident, duties } = await played.dossier();
        const { version = 0, sha256 = "" } = duties.find(({ regime }) => regime === "rgpd-33") ?? {};
        const text = { incident: incident.id, regime: "rgpd-33", version, sha256 };
        const reason = "Indisponibilité de six heures, sans perte ni divulgation.";
        expect(await played.stages.desk.leaveUnnotified({ text, reason }, PROOF, DPO)).toEqual({
          outcome: "not_notified",
        });
      },
      values: "Rp N R N R N",
      state: "facts_ended",
      shows: async (played) => {
        const { store } = played.stages;
        const registers = new Set(["rgpd-33"]);
        const facility = "ch-exemple";
        const register = openRegister({ reads: store.reads, facility, systems: new Map(), masks: MASKS });
        await register.whole();
        const lines: BreachLine[] = [];
        const breaches = breachesIn(register.entries(), registers);
        for await (const line of eachBreachLine(store.reads, facility, breaches)) lines.push(line);
        expect(lines).toMatchObject([
          {
            state: "not_notified",
            reason: "Indisponibilité de six heures, sans perte ni divulgation.",
            nature: "perte de disponibilité",
            decidedBy: "Inès Faure",
          },
        ]);
        let csv = "";
        for await (const row of breachCsv(eachBreachLine(store.reads, facility, breaches))) csv += row;
        expect(csv).toContain("Non notifié (motivé)");
        const { deadlines, duties } = await played.dossier();
        expect(deadlines.find(({ regime }) => regime === "rgpd-33")?.met).not.toBeNull();
        expect(duties.map(({ regime }) => regime)).toEqual(["rgpd-33"]);
      },
    },
    {
      time: "2026-11-10T18:05:00+01:00",
      event: "the resolution is filed",
      act: fileIt,
      values: "Rp N R N R N",
      state: "facts_ended",
      shows: async (played) => {
        const { stages, dossier } = played;
        const { incident, owesNotice, declarations } = await dossier();
        expect(owesNotice).toBe(false);
        expect(declarations.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
          "initial filed",
          "resolution filed",
        ]);
        const closing = { incident: incident.id, reason: "Rétabli, avis déposé." };
        expect(await stages.desk.closeByHand(closing, stages.delegate)).toEqual({ outcome: "closed" });
        expect((await dossier()).incident.closure?.without_notice).toBeUndefined();
      },
    },
  ],
);
