import { expect } from "vitest";
import { PROOF, REASON } from "../support/night.ts";
import {
  at,
  DIRECTOR,
  DPO,
  dutyFields,
  fileIt,
  ON_CALL,
  type Played,
  plays,
  RSSI,
} from "../support/timed-scenario.ts";

/** The form of the request for precision. */
const REQUEST = "0a1b2c3d-0000-4000-8000-000000000001";
const seen = async ({ dossier }: Played, regime: string) => {
  const { incident, duties } = await dossier();
  const { version = 0, sha256 = "" } = duties.filter((each) => each.regime === regime).at(-1) ?? {};
  return { incident: incident.id, regime, version, sha256 };
};
const write = async (played: Played, regime: string, fields: Record<string, string>) =>
  played.stages.desk.amendDuty(
    {
      text: await seen(played, regime),
      fields: Object.entries(fields).map(([id, value]) => ({ id, value, unknown: false })),
    },
    DPO,
  );

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
      time: "2026-10-26T11:00:00+01:00",
      event:
        "counted so it is late: the reasons are asked; the DPO settles on the day the sample was verified",
      act: async (played) => {
        const { stages, dossier } = played;
        const approve = async () => stages.desk.approveDuty(await seen(played, "rgpd-33"), PROOF, DPO);
        expect(await approve()).toMatchObject({ code: "late_reason_missing" });
        const { incident, deadlines } = await dossier();
        const deadline = deadlines.find(({ regime }) => regime === "rgpd-33")?.id ?? "";
        const settled = { incident: incident.id, deadline, from: "awareness", reason: REASON } as const;
        expect(await stages.desk.settleClock({ ...settled, source: "DPO" }, DPO)).toEqual({
          outcome: "settled",
        });
        expect(await approve()).toEqual({ outcome: "approved" });
        const version = (await seen(played, "rgpd-33")).version;
        const told = { where: "CNIL", reference: "N-1", by: "DPO", late: "", at: stages.clock.now() };
        expect(
          await stages.desk.notifyDuty(
            { incident: incident.id, regime: "rgpd-33", version, ...told },
            undefined,
            DPO,
          ),
        ).toEqual({ outcome: "notified" });
      },
      values: "N R N N R N",
      state: "declared",
      shows: async (played) => {
        const clock = (await played.dossier()).deadlines.find(({ regime }) => regime === "rgpd-33");
        expect(clock).toMatchObject({
          from: "awareness",
          due: at("2026-10-27T14:05:00+01:00"),
          met: at("2026-10-26T11:00:00+01:00"),
        });
        expect(clock?.candidates).toHaveLength(2);
        expect(await dutyFields(played, "rgpd-33", ["awareness"])).toEqual({ awareness: "24/10/2026 15:05" });
      },
    },
    {
      time: "2026-10-26T12:00:00+01:00",
      event: "the insurer's complaint has expired since 5 October: no approval without the reasons",
      act: async (played) => {
        const approve = async () =>
          played.stages.desk.approveDuty(await seen(played, "assurance-plainte"), PROOF, DIRECTOR);
        expect(await approve()).toMatchObject({
          code: "late_reason_missing",
          because: expect.stringContaining("05/10/2026 16:00"),
        });
        await write(played, "assurance-plainte", {
          late_reason: "L'étendue de l'atteinte n'était pas connue avant le 24 octobre.",
        });
        expect(await approve()).toEqual({ outcome: "approved" });
      },
      values: "N R N N R N",
      state: "declared",
    },
    {
      time: "2026-11-12T10:00:00+01:00",
      event: "212 people: what a leak meets it meets for good, and no state is left to end",
      values: "N R N N R N",
      state: "declared",
    },
    {
      time: "2026-11-12T11:00:00+01:00",
      event: "CERT Santé asks how many people are concerned, before Tuesday",
      act: async ({ stages, dossier }) => {
        const exchange = {
          form: REQUEST,
          incident: (await dossier()).incident.id,
          party: "cert_sante",
          name: "",
          direction: "received",
          way: "mail",
          kind: "information_request",
          subject: "Nombre de personnes",
          text: "Combien de personnes sont concernées ?",
          due: at("2026-11-17T18:00:00+01:00"),
        } as const;
        expect(await stages.desk.followUp.recordExchange(exchange, ON_CALL)).toEqual({ outcome: "recorded" });
      },
      values: "N R N N R N",
      state: "declared",
      shows: async (played) => expect((await played.followUp()).exchanges[0]?.state).toBe("open"),
    },
    {
      time: "2026-11-13T10:00:00+01:00",
      event: "what was learnt completes the notification: 212 people, a band of the CNIL's list, all told",
      act: async (played) => {
        const { stages } = played;
        const { incident } = await played.dossier();
        const duty = { incident: incident.id, regime: "rgpd-33" };
        expect(await stages.desk.nextDuty(duty, DPO)).toEqual({ outcome: "begun" });
        await write(played, "rgpd-33", { people_count: "212", people_informed: "oui" });
        expect(await stages.desk.approveDuty(await seen(played, "rgpd-33"), PROOF, DPO)).toEqual({
          outcome: "approved",
        });
      },
      values: "N R N N R N",
      state: "declared",
      shows: async (played) => {
        expect(await dutyFields(played, "rgpd-33", ["people_band", "people_informed"])).toEqual({
          people_band: "51 à 300",
          people_informed: "oui",
        });
        const { duties } = await played.dossier();
        const told = duties.filter(({ regime }) => regime === "rgpd-33");
        expect(told.map(({ version, kind, state }) => [version, kind, state])).toEqual([
          [1, "initial", "notified"],
          [2, "complement", "approved"],
        ]);
      },
    },
    {
      time: "2026-11-17T09:00:00+01:00",
      event: "the day before it is due the delegate was reminded of it, by day",
      values: "N R N N R N",
      state: "declared",
      told: ["deleguee follow_up_due"],
    },
    {
      time: "2026-11-17T10:00:00+01:00",
      event: "the complement says 212 people; it answers the request once it is filed",
      act: async (played) => {
        const { stages, dossier } = played;
        const { incident, filing } = await dossier();
        const {
          id: declaration,
          version,
          sha256,
        } = filing?.declaration ?? { id: "", version: 0, sha256: "" };
        const text = { incident: incident.id, declaration, version, sha256 };
        const fields = [{ id: "data", value: "Dossiers de 212 personnes.", unknown: false }];
        expect(await stages.desk.amend({ text, fields }, stages.delegate)).toMatchObject({
          outcome: "amended",
          declaration: { kind: "complement", version: 2 },
        });
        const answering = { incident: incident.id, request: REQUEST, version: 2 };
        expect(await stages.desk.followUp.answerRequest(answering, RSSI)).toEqual({ outcome: "answering" });
        expect((await played.followUp()).exchanges[0]).toMatchObject({ state: "open", answer: { at: null } });
        await fileIt(played);
      },
      values: "N R N N R N",
      state: "declared",
      shows: async (played) =>
        expect((await played.followUp()).exchanges[0]).toMatchObject({
          state: "answered",
          answer: { version: 2, at: at("2026-11-17T10:00:00+01:00") },
        }),
    },
    {
      time: "2026-11-20T10:00:00+01:00",
      event: "a leak never ends: a person proposes the notice of resolution, with the reason",
      act: async ({ stages, dossier }) => {
        const { incident } = await dossier();
        const reason = "Comptes réinitialisés, personnes informées, plus aucun accès.";
        const settling = { incident: incident.id, kind: "resolution", reason } as const;
        expect(await stages.desk.followUp.settlePurpose(settling, stages.delegate)).toEqual({
          outcome: "settled",
        });
      },
      values: "N R N N R N",
      state: "declared",
      shows: async (played) => {
        const { current } = await played.dossier();
        expect(current?.declaration).toMatchObject({ kind: "resolution", version: 3, state: "draft" });
        expect(current?.content.text).toContain("Comptes réinitialisés, personnes informées");
      },
    },
    {
      time: "2026-11-20T10:30:00+01:00",
      event: "the notice is filed, and nothing is drafted after it",
      act: fileIt,
      values: "N R N N R N",
      state: "declared",
      shows: async (played) => {
        const { current, owesNotice } = await played.dossier();
        expect([current?.declaration.version, current?.declaration.state]).toEqual([3, "filed"]);
        expect(owesNotice).toBe(false);
        expect((await played.followUp()).notice.filed).toBe(at("2026-11-20T10:30:00+01:00"));
      },
    },
  ],
);
