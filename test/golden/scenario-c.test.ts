import { expect } from "vitest";
import { down, up } from "../support/pipeline.ts";
import { at, fileIt, ON_CALL, plays } from "../support/timed-scenario.ts";

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
    },
  ],
);
