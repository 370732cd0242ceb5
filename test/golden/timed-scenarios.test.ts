import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { IncidentState } from "../../agent/core/incident.ts";
import { FACILITY, PROOF, REASON } from "../support/night.ts";
import { DELETED, down, up } from "../support/pipeline.ts";
import { at, ON_CALL, type Played, playScenario, RSSI } from "../support/timed-scenario.ts";

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
function plays(
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

const VPN = { host: "vpn-01", more: { user: "presta_pacs" } };

plays("A. Ransomware, Sunday 15 November 2026", { cyber_insurance: true }, "2026-11-15T01:50:00+01:00", [
  {
    time: "2026-11-15T01:52:00+01:00",
    event: "a provider signs in from an address never seen: watched, nobody is called",
    act: (played) => played.lines({ ...VPN, message: "connexion VPN depuis une adresse jamais vue" }),
    values: "– – – – – –",
    state: "candidate",
  },
  {
    time: "2026-11-15T02:10:00+01:00",
    event: "shadow copies deleted: the IT on call is told at once",
    act: (played) => played.lines({ ...DELETED, host: "pacs-srv01", more: { user: "presta_pacs" } }),
    values: "? ? ? ? ? ?",
    state: "open",
    told: ["astreinte incident_opened"],
  },
  {
    time: "2026-11-15T02:12:00+01:00",
    event: "1,200 images renamed: to be declared, the delegate is called",
    act: (played) =>
      played.lines({ host: "pacs-srv01", message: "1200 files were renamed to .dcm.locked in 60 s" }),
    values: "Rp R ? ? ? R",
    state: "in_review",
    told: ["deleguee decision_needed"],
    shows: async (played) => {
      expect((await played.dossier()).qualification?.sentence).toMatch(/^À déclarer maintenant/);
    },
  },
  {
    time: "2026-11-15T02:14:00+01:00",
    event: "PACS and RIS answer no more: the same incident, two systems",
    act: (played) => played.lines(down("pacs-srv01"), down("ris-01")),
    values: "Rp R R ? ? R",
    state: "in_review",
    shows: async (played) =>
      expect((await played.dossier()).incident.systems.sort()).toEqual(["pacs", "ris"]),
  },
  {
    time: "2026-11-15T02:16:00+01:00",
    event: "the domain controllers are down and 900 hosts say so: still one incident",
    act: (played) =>
      played.lines(
        down("dc01"),
        down("dc02"),
        ...Array.from({ length: 900 }, (_, i) => ({
          host: "supervision",
          message: `HOST ALERT: poste-${i};DOWN;HARD;3;PING CRITICAL - Packet loss = 100%`,
        })),
      ),
    values: "Rp R R ? R R",
    state: "in_review",
    shows: async (played) => expect((await played.dossier()).incident.alerts).toBeGreaterThanOrEqual(905),
  },
  {
    time: "2026-11-15T02:22:00+01:00",
    event: "the IT on call takes note: the constat, from which clocks count",
    act: async (played) => played.stages.desk.takeUp((await played.dossier()).incident.id, ON_CALL),
    values: "Rp R R ? R R",
    state: "in_review",
    shows: async (played) => {
      const noted = "2026-11-15T01:22:00.000Z";
      expect((await played.dossier()).incident.found).toBe(at(noted));
      expect(await played.clocks()).toEqual({
        "sante-2022": { from: noted, due: null },
        "rgpd-33": { from: noted, due: "2026-11-18T01:22:00.000Z" },
        "assurance-plainte": { from: noted, due: "2026-11-18T01:22:00.000Z" },
      });
    },
  },
  {
    time: "2026-11-15T02:25:00+01:00",
    event: "a ward phones that it is on paper: source and writer apart",
    act: (played) => played.state(["degraded_mode"], "care"),
    values: "Rp R R ? R R",
    state: "in_review",
    shows: async (played) => {
      const { facts } = await played.dossier();
      expect(facts.find(({ kind }) => kind === "degraded_mode")?.origin).toMatchObject({
        source: "cadre de santé",
        writer: "Ève Petit",
      });
    },
  },
  {
    time: "2026-11-15T02:31:00+01:00",
    event: "the delegate opens the page: a text to decide on, and a short list of questions",
    act: async (played) =>
      played.stages.desk.takeUp((await played.dossier()).incident.id, played.stages.delegate),
    values: "Rp R R ? R R",
    state: "in_review",
    shows: async (played) => {
      const { current, qualification, incident } = await played.dossier();
      expect(current?.declaration.state).toBe("draft");
      expect(qualification?.questions.length).toBeLessThanOrEqual(3);
      expect(incident.found).toBe(at("2026-11-15T02:22:00+01:00"));
    },
  },
  {
    time: "2026-11-15T02:38:00+01:00",
    event: "patients have been sent elsewhere since 02:35",
    act: (played) => played.answer("care_diverted", "yes", at("2026-11-15T02:35:00+01:00")),
    values: "Rp R R Ra R R",
    state: "in_review",
  },
  {
    time: "2026-11-15T02:45:00+01:00",
    event: "the Internet is cut by decision",
    values: "Rp R R Ra R R",
    state: "in_review",
  },
  {
    time: "2026-11-15T02:47:00+01:00",
    event: "the exact text is approved, and not filed yet",
    act: async ({ stages, dossier }) => {
      const { incident, current } = await dossier();
      const { id, version, sha256 } = current?.declaration ?? { id: "", version: 0, sha256: "" };
      const text = { incident: incident.id, declaration: id, version, sha256 };
      expect((await stages.desk.approve(text, PROOF, stages.delegate)).outcome).toBe("approved");
    },
    values: "Rp R R Ra R R",
    state: "approved",
    shows: async (played) => expect((await played.dossier()).declarations.at(-1)?.state).toBe("approved"),
  },
  {
    time: "2026-11-15T03:06:00+01:00",
    event: "it is still not filed: the delegate is reminded every quarter of an hour",
    values: "Rp R R Ra R R",
    state: "approved",
    told: ["deleguee not_filed"],
  },
  {
    time: "2026-11-15T03:26:00+01:00",
    event: "the portal's reference is typed: filed",
    act: async ({ stages, dossier }) => {
      const { incident, deliveries } = await dossier();
      const filing = { incident: incident.id, delivery: deliveries[0]?.id ?? "", reference: "SIG-2026-77" };
      expect((await stages.desk.recordFiling(filing, stages.delegate)).outcome).toBe("recorded");
    },
    values: "Rp R R Ra R R",
    state: "declared",
    told: ["deleguee not_filed"],
    shows: async (played) => {
      const { deadlines } = await played.dossier();
      expect(deadlines.filter(({ met }) => met !== null).map(({ regime }) => regime)).toEqual(["sante-2022"]);
    },
  },
  {
    time: "2026-11-15T08:40:00+01:00",
    event: "the firewall's logs arrive late: 3 TB out since 23:40; the beginning moves, with the reason",
    act: async ({ stages }) => {
      await stages.take({
        host: "pacs-srv01",
        minute: -140,
        message: "Exfiltration de données : 3 To sortis vers 203.0.113.9",
        more: { user: "presta_pacs" },
      });
      while ((await stages.sweeper.sweep()) > 0);
    },
    values: "Rp R R Ra R R",
    state: "declared",
    shows: async (played) => {
      const { incident, declarations } = await played.dossier();
      expect(incident.occurred).toBe(at("2026-11-14T23:40:00+01:00"));
      expect(incident.beginning?.because).toContain("Alerte reçue après coup");
      expect(declarations.at(-1)).toMatchObject({ kind: "complement", version: 2, state: "draft" });
    },
  },
  {
    time: "2026-11-17T10:00:00+01:00",
    event: "a doctor reports a patient harmed by the delay: the serious adverse event is asked",
    act: (played) => played.state(["patient_harmed"], "care"),
    values: "Ra R R Ra R R",
    state: "declared",
    shows: async (played) => {
      const { others } = await played.dossier();
      expect(others.find(({ regime }) => regime === "eigs")?.verdict).toBe("answer_missing");
    },
  },
  {
    time: "2026-11-24T10:00:00+01:00",
    event: "the states have ended; what was altered and leaked stays",
    act: async (played) => {
      const { incident, facts } = await played.dossier();
      for (const { id, until, kind, withdrawn } of facts) {
        if (until !== null || withdrawn !== null) continue;
        const end = { incident: incident.id, fact: id, source: { who: "self", name: "" } as const };
        const done = await played.stages.desk.endFact(end, RSSI);
        expect([kind, done.outcome === "ended" || done.code === "not_a_state"]).toEqual([kind, true]);
      }
    },
    values: "Ra R R Ra R R",
    state: "facts_ended",
  },
]);

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

/** Approves the text that stands, and notes the portal's reference. */
async function fileIt({ stages, dossier }: Played): Promise<void> {
  const { incident, current } = await dossier();
  const { id, version, sha256 } = current?.declaration ?? { id: "", version: 0, sha256: "" };
  const text = { incident: incident.id, declaration: id, version, sha256 };
  expect((await stages.desk.approve(text, PROOF, stages.delegate)).outcome).toBe("approved");
  const { deliveries } = await dossier();
  const filing = { incident: incident.id, delivery: deliveries[0]?.id ?? "", reference: "SIG-2026-78" };
  expect((await stages.desk.recordFiling(filing, stages.delegate)).outcome).toBe("recorded");
}

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
