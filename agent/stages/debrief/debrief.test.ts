import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { aFact, anIncident, NIGHT } from "../../../test/support/incident.ts";
import { MASKS } from "../../../test/support/masks.ts";
import { itPeer, peer } from "../../../test/support/peer.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { JournalEntry } from "../../core/journal.ts";
import type { ExerciseRun } from "../exercise/exercise-runs.ts";
import { formatInstant } from "../french.ts";
import type { Debrief } from "./debrief.ts";
import { debriefPdf, delayWords, tallyWords } from "./debrief-pdf.ts";
import { judgeExpectations } from "./judge-expectations.ts";
import { type Moments, readStory } from "./read-story.ts";

const { minute, second } = MICROSECONDS;
const poppler = peer("Poppler", "pdftotext", "apt-get install poppler-utils");

/** A journal entry so many minutes into the night; `null` was erased. */
function entry(minutes: number, type: string, content: unknown): JournalEntry {
  const record = type.endsWith(".put") ? { content } : content;
  return {
    facility: "chv",
    seq: minutes,
    type,
    at: NIGHT + minutes * minute,
    incident: "inc-1",
    contentHash: "",
    previous: "",
    bodyHash: "",
    hash: "",
    salt: "",
    content: content === null ? null : JSON.stringify(record),
  };
}
const criterion = (id: string, value: string) => ({ id, label: `Critère ${id}`, value });
const told = (event: string, outcome = "delivered") => ({
  channel: "sms",
  message: { key: `notify:${event}`, event },
  attempt: { outcome, because: "" },
});
const incident = anIncident({ id: "inc-1", state: "open", found: null });
const JOURNAL: readonly JournalEntry[] = [
  entry(0, "incident.put", incident),
  entry(0, "fact.put", aFact("recovery_destroyed", { id: "f1", system: "pacs" })),
  entry(0, "qualification.put", {
    regime: "sante-2022",
    verdict: "answer_missing",
    sentence: "Il manque une réponse.",
    criteria: [criterion("C1", "unknown")],
  }),
  entry(1, "note.told", told("incident_opened", "refused")),
  entry(2, "note.told", told("incident_opened")),
  entry(3, "qualification.put", {
    regime: "sante-2022",
    verdict: "declare",
    sentence: "À déclarer maintenant.",
    criteria: [criterion("C1", "met")],
  }),
  entry(3, "incident.put", { ...incident, state: "in_review" }),
  entry(4, "note.told", told("decision_needed")),
  entry(5, "note.dossier_read", { name: "Dr claire" }),
  entry(6, "note.dossier_read", { name: "Dr claire" }),
  entry(7, "incident.put", {
    ...incident,
    state: "in_review",
    found: NIGHT + 7 * minute,
    seen: [{ at: NIGHT + 7 * minute, account: "acc-claire", name: "Dr claire", decides: true }],
  }),
  entry(8, "declaration.put", { id: "dec-1", version: 1, kind: "initial", state: "draft" }),
  entry(9, "declaration.put", { id: "dec-1", version: 1, kind: "initial", state: "approved" }),
  entry(9, "decision.put", {
    id: "d1",
    decision: "approved",
    version: 1,
    delegate: { account: "acc-claire", name: "Dr claire" },
  }),
  entry(10, "logbook.put", null),
  entry(11, "alerts", { digests: [] }),
];
const about = {
  reference: "2026-0007",
  effects: [{ key: "notify:decision_needed", payload: { name: "Dr dora" } }] as never,
  systemName: () => "PACS (imagerie)",
};

describe("the story of an incident", () => {
  const { lines, moments, troubles } = readStory(JOURNAL, about);

  it("tells in the order of the journal what was recognised, judged, told, done and decided", () => {
    expect(
      lines.map(
        ({ at, kind, text, by }) =>
          `${(at - NIGHT) / minute} ${kind}: ${text}${by === null ? "" : ` (${by})`}`,
      ),
    ).toEqual([
      "0 recognised: Incident ouvert : En cours d'évaluation",
      "0 recognised: Moyens de restauration supprimés : PACS (imagerie) (règle « règle d'essai »)",
      "0 judged: Il manque une réponse.",
      "1 called: Ouverture, à l'astreinte informatique (REFUSÉ) (sms)",
      "2 called: Ouverture, à l'astreinte informatique (sms)",
      "3 judged: Rempli : Critère C1 (C1)",
      "3 judged: À déclarer maintenant.",
      "3 judged: En cours d'évaluation → Attend votre décision",
      "4 called: Décision attendue, à la personne déléguée (Dr dora, sms)",
      "5 person: Ouvre le dossier (Dr claire)",
      "7 person: Constat : une personne prend note",
      "7 person: Intervient pour la première fois (Dr claire)",
      "8 text: Déclaration initiale, version 1 : projet rédigé (machine)",
      "9 decision: Texte validé, version 1 (Dr claire)",
    ]);
  });

  it("knows when each thing that counts first happened, a message only once it arrived", () => {
    expect(moments).toMatchObject({
      opened: NIGHT,
      onCallTold: NIGHT + 2 * minute,
      declare: NIGHT + 3 * minute,
      delegateTold: NIGHT + 4 * minute,
      found: NIGHT + 7 * minute,
      drafted: NIGHT + 8 * minute,
      decisions: [{ at: NIGHT + 9 * minute }],
    });
    expect([moments.facts.get("recovery_destroyed"), moments.met.get("C1")]).toEqual([
      NIGHT,
      NIGHT + 3 * minute,
    ]);
    expect(moments.filed).toBeUndefined();
  });

  it("counts as trouble what did not arrive", () => {
    expect(troubles).toEqual(["Ouverture, à l'astreinte informatique : sms (REFUSÉ)"]);
  });
});

const run = (over: Partial<ExerciseRun> = {}): ExerciseRun => ({
  id: "run-1",
  started: NIGHT,
  ended: NIGHT + 60 * minute,
  whole: true,
  records: 3,
  played: [],
  next: null,
  scenario: { name: "x", title: "X", summary: "Y", sha256: "0".repeat(64) },
  length: 60 * minute,
  speed: 1,
  expectations: [],
  ...over,
});
const happened = (moments: Partial<Moments>, incidents = 1, now = NIGHT + 120 * minute) => ({
  moments: [{ decisions: [], facts: new Map(), met: new Map(), answered: new Map(), ...moments }],
  incidents,
  criterion: (id: string) => id,
  question: (id: string) => id,
  now,
});

describe("an expectation", () => {
  const by = 10 * minute;
  const met = new Map([["C1", NIGHT + 12 * minute]]);
  it.each([
    ["met in time", { met: "C1", by: 12 * minute }, {}, { met }, "met"],
    ["met too late", { met: "C1", by }, {}, { met }, "late"],
    ["met in time of a slower story", { met: "C1", by }, { speed: 0.5 }, { met }, "met"],
    ["never met", { met: "C2", by }, {}, { met }, "missed"],
    ["not met yet, and not due", { met: "C2", by: 200 * minute }, {}, { met }, "waiting"],
    ["not met yet, while it is played", { met: "C2", by }, { ended: null }, { met }, "waiting"],
    ["met whenever, all played at once", { met: "C1", by }, { speed: null }, { met }, "met"],
    ["a fact", { fact: "data_altered" }, {}, { facts: new Map([["data_altered", NIGHT]]) }, "met"],
    ["a call", { called: "delegate", by }, {}, { delegateTold: NIGHT + by }, "met"],
    ["the wrong call", { called: "delegate", by }, {}, { onCallTold: NIGHT }, "missed"],
    ["a constat", { acknowledged: true, by }, {}, { found: NIGHT + 11 * minute }, "late"],
    [
      "an answer",
      { answered: "degraded_mode", by },
      {},
      { answered: new Map([["degraded_mode", NIGHT]]) },
      "met",
    ],
    ["a decision", { decided: true, by }, {}, { decisions: [{ at: NIGHT, label: "" }] }, "met"],
    ["a filing", { filed: true }, {}, {}, "missed"],
    ["as many incidents", { incidents: 1 }, {}, {}, "met"],
    ["too many incidents", { incidents: 0 }, {}, {}, "missed"],
    ["quiet kept", { quiet: "delegate" }, {}, { onCallTold: NIGHT }, "met"],
    ["quiet broken", { quiet: "delegate" }, {}, { delegateTold: NIGHT }, "missed"],
    ["quiet so far", { quiet: "delegate" }, { ended: null }, {}, "waiting"],
  ] as const)("%s", (_, expectation, over, moments, outcome) => {
    const [judged] = judgeExpectations(
      run({ expectations: [expectation], ...over }),
      happened(moments as Partial<Moments>),
    );
    expect(judged?.outcome).toBe(outcome);
  });

  it.each([
    ["what was met in time in what stands", { met: "C1", by: 12 * minute }, { met }, "met"],
    ["what was late there, and may have been in time in what is gone", { met: "C1", by }, { met }, "erased"],
    ["what is found nowhere any more", { decided: true, by }, {}, "erased"],
    ["a quiet of which only a part is known", { quiet: "delegate" }, {}, "erased"],
    ["a quiet that what stands shows broken", { quiet: "delegate" }, { delegateTold: NIGHT }, "missed"],
    ["how many incidents there were", { incidents: 1 }, {}, "met"],
  ] as const)("of a playing of which an incident was erased: %s", (_, expectation, moments, outcome) => {
    const played = run({ expectations: [expectation as never] });
    const [judged] = judgeExpectations(played, { ...happened(moments), erased: true });
    expect(judged).toMatchObject({ outcome, ...(outcome === "erased" && { at: null }) });
  });
});

const DEBRIEF: Debrief = {
  title: "Nuit <b>d’essai</b>",
  facility: "Centre hospitalier du Val",
  exercise: true,
  from: NIGHT,
  until: NIGHT + 30 * minute,
  incidents: [
    {
      id: "inc-1",
      reference: "2026-0007",
      state: "Attend votre décision",
      sentence: "À déclarer maintenant.",
      alerts: 3,
      gone: null,
      delays: [
        { label: "Incident ouvert", at: NIGHT, after: 0 },
        { label: "Constat", at: NIGHT + 45 * second, after: 45 * second },
        { label: "Décision", at: null, after: null },
      ],
    },
  ],
  lines: [
    { at: NIGHT, kind: "played", text: "Le VPN", by: null, incident: null },
    {
      at: NIGHT + minute,
      kind: "called",
      text: "Décision attendue, à la personne déléguée",
      by: "Dr dora, sms",
      incident: "2026-0007",
    },
  ],
  more: 0,
  expectations: [
    { text: "Critère rempli : C1", why: "Le PACS.", outcome: "met", due: NIGHT + minute, at: NIGHT },
    { text: "Décision prise", why: null, outcome: "missed", due: NIGHT + 2 * minute, at: null },
  ],
  missed: ["Personne n’a pris note (pas de constat)."],
  remarks: [{ at: NIGHT + 40 * minute, author: "Dr remi", text: "Revoir l’annuaire de garde." }],
  run: {
    id: "run-1",
    summary: "Une nuit.",
    speed: 60,
    started: NIGHT,
    ended: NIGHT,
    whole: true,
    records: 3,
  },
};

describe("the debrief on paper", () => {
  const printed = (over: Partial<Debrief> = {}) =>
    debriefPdf({
      debrief: MASKS.every({ ...DEBRIEF, ...over }, { incident: null }),
      made: NIGHT,
      when: (instant) => formatInstant(instant, "Europe/Paris"),
      clock: (instant) => formatInstant(instant, "Europe/Paris").split(" ")[1] ?? "",
    });
  const textOf = (pdf: Buffer): string => {
    const folder = mkdtempSync(join(tmpdir(), "tocsin-debrief-"));
    try {
      writeFileSync(join(folder, "x.pdf"), pdf);
      return execFileSync("pdftotext", ["-layout", join(folder, "x.pdf"), "-"], { encoding: "utf8" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  itPeer(
    poppler,
    "says on every page that it is an exercise, and in order what a facilitator goes through",
    async () => {
      const text = textOf(await printed());
      const pages = text.split("\f").slice(0, -1);
      expect(pages.length).toBeGreaterThan(0);
      for (const page of pages) expect(page).toContain("EXERCICE – DÉBRIEFING");
      const headings = [
        "Ce qui était attendu : 1 tenu sur 2, 1 manqué",
        "Délais depuis la première alerte",
        "Ce qui a manqué",
        "Déroulé",
        "Notes de l’animateur",
      ];
      const places = headings.map((each) => text.indexOf(each));
      expect(places.every((at) => at > 0)).toBe(true);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(text).toContain("Nuit <b>d’essai</b>");
      expect(text).toContain("45 s après");
      expect(text).toContain("Revoir l’annuaire de garde.");
    },
  );

  itPeer(poppler, "is the return of experience of a real incident, with no word of an exercise", async () => {
    const text = textOf(
      await printed({ exercise: false, run: null, expectations: [], title: "Incident 2026-0007" }),
    );
    expect(text).toContain("RETOUR D’EXPÉRIENCE");
    expect(text).not.toMatch(/EXERCICE|Ce qui était attendu/);
  });
});

it.each([
  [{ at: null, after: null }, "pas encore, ou jamais"],
  [{ at: NIGHT, after: 0 }, "02:00, aussitôt"],
  [{ at: NIGHT, after: 59 * second }, "02:00, 59 s après"],
  [{ at: NIGHT, after: 65 * minute }, "02:00, 1 h 05 après"],
  [{ at: NIGHT, after: -1 }, "02:00, avant la première alerte"],
] as const)("a delay of %j is said %s", (delay, words) => {
  expect(delayWords({ label: "", ...delay }, () => "02:00")).toBe(words);
});

it("counts expectations by what became of them", () => {
  expect(tallyWords(DEBRIEF)).toBe("1 tenu sur 2, 1 manqué");
});
