import { expect } from "vitest";
import { REASON } from "../support/night.ts";
import { at, fileIt, ON_CALL, plays, RSSI } from "../support/timed-scenario.ts";

const MAILBOX = { host: "messagerie", more: { user: "c.durand" } };

plays(
  "B. Mailbox compromise found after three weeks",
  { cyber_insurance: true },
  "2026-10-02T09:00:00+02:00",
  [
    {
      time: "2026-10-02T09:03:00+02:00",
      event: "a sign-in from abroad: watched",
      act: (played) =>
        played.lines({ ...MAILBOX, message: "connexion à la messagerie depuis un pays inhabituel" }),
      values: "– – – – – –",
      state: "candidate",
    },
    {
      time: "2026-10-02T10:15:00+02:00",
      event: "a forwarding rule: the same incident, watched",
      act: (played) => played.lines({ ...MAILBOX, message: "Règle de transfert vers l'extérieur créée" }),
      values: "– – – – – –",
      state: "candidate",
      shows: async (played) => expect((await played.dossier()).incident.alerts).toBe(2),
    },
    {
      time: "2026-10-02T16:00:00+02:00",
      event: "the IT takes note and resets: no service touched; health data is asked",
      act: async (played) => {
        await played.state(["account_compromised", "malicious_action_suspected"], "self");
        await played.stages.desk.takeUp((await played.dossier()).incident.id, ON_CALL);
        await played.answer("service_affected", "no");
      },
      values: "N ? N N ? N",
      state: "open",
      told: ["astreinte incident_opened"],
      shows: async (played) => {
        const { qualification } = await played.dossier();
        expect(qualification?.questions.map(({ id }) => id)).toContain("health_data");
        expect(await played.clocks()).toEqual({
          "assurance-plainte": { from: "2026-10-02T14:00:00.000Z", due: "2026-10-05T14:00:00.000Z" },
        });
      },
    },
    {
      time: "2026-10-23T16:00:00+02:00",
      event: "three weeks later nothing has expired and nothing was closed",
      values: "N ? N N ? N",
      state: "open",
    },
    {
      time: "2026-10-24T14:20:00+02:00",
      event: "a partner reports a file for sale: the delegate is called, because a person asks for it",
      act: (played) => played.state(["account_compromised"], "partner", { callDelegate: true }),
      values: "N ? N N ? N",
      state: "open",
      told: ["deleguee incident_opened"],
    },
    {
      time: "2026-10-24T15:05:00+02:00",
      event: "the sample is verified: health data, to be declared",
      act: (played) => played.answer("health_data", "yes"),
      values: "N R N N ? N",
      state: "in_review",
      told: ["deleguee decision_needed"],
      shows: async (played) => {
        // The night of the 25th has an hour more: 72 hours elapse at 14:05.
        expect((await played.clocks())["rgpd-33"]).toEqual({
          from: "2026-10-24T13:05:00.000Z",
          due: "2026-10-27T13:05:00.000Z",
        });
        const { deadlines } = await played.dossier();
        expect(deadlines.find(({ regime }) => regime === "rgpd-33")).toMatchObject({
          settled_by: "dpo",
          candidates: [
            { from: "found", at: at("2026-10-02T16:00:00+02:00") },
            { from: "awareness", at: at("2026-10-24T15:05:00+02:00") },
          ],
        });
      },
    },
    {
      time: "2026-10-24T15:30:00+02:00",
      event: "214 mails to partners are found",
      act: (played) => played.answer("others_affected", "yes"),
      values: "N R N N R N",
      state: "in_review",
    },
    {
      time: "2026-10-24T16:10:00+02:00",
      event: "approved and filed",
      act: fileIt,
      values: "N R N N R N",
      state: "declared",
      shows: async (played) => {
        // The insurer's condition had passed on 5 October: it is shown all the same.
        expect((await played.clocks())["assurance-plainte"]?.due).toBe("2026-10-05T14:00:00.000Z");
      },
    },
    {
      time: "2026-10-26T10:00:00+01:00",
      event: "the data protection officer settles from when the 72 hours count; both instants are kept",
      act: async ({ stages, dossier }) => {
        const { incident, deadlines } = await dossier();
        const deadline = deadlines.find(({ regime }) => regime === "rgpd-33")?.id ?? "";
        const settlement = {
          incident: incident.id,
          deadline,
          from: "found",
          reason: REASON,
          source: "DPO",
        } as const;
        expect(await stages.desk.settleClock(settlement, RSSI)).toEqual({ outcome: "settled" });
      },
      values: "N R N N R N",
      state: "declared",
      shows: async (played) => {
        const { deadlines } = await played.dossier();
        const clock = deadlines.find(({ regime }) => regime === "rgpd-33");
        expect(clock).toMatchObject({ from: "found", due: at("2026-10-05T16:00:00+02:00") });
        expect(clock?.candidates).toHaveLength(2);
      },
    },
    {
      time: "2026-11-12T10:00:00+01:00",
      event: "212 people: what a leak meets it meets for good, and no state is left to end",
      values: "N R N N R N",
      state: "declared",
    },
  ],
);
