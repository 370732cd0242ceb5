import { expect } from "vitest";
import { PROOF } from "../support/night.ts";
import { DELETED, down } from "../support/pipeline.ts";
import { at, dutyFields, ON_CALL, plays, RSSI } from "../support/timed-scenario.ts";

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
      // Each duty has a text of its own by then, and the declaration is none of theirs.
      expect(await dutyFields(played, "rgpd-33", ["breach_nature", "people_band", "awareness"])).toEqual({
        breach_nature: "perte d'intégrité; perte de disponibilité",
        people_band: null,
        awareness: "15/11/2026 02:22 (prise de connaissance ; proposition, à fixer)",
      });
      expect(await dutyFields(played, "assurance-plainte", ["found", "cause_nature"])).toEqual({
        found: "15/11/2026 02:22",
        cause_nature: "malveillante (soupçonnée)",
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
      expect(await dutyFields(played, "eigs", [])).toBeUndefined();
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
