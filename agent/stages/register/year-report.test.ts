import { describe, expect, it } from "vitest";
import { aFact, NIGHT, systemsOf } from "../../../test/support/incident.ts";
import { aDecision, aDuty, aFiling, anEntry, aText } from "../../../test/support/register-entry.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { JournalEntry } from "../../core/journal.ts";
import type { Masked } from "../../core/masked.ts";
import { dependenciesOf } from "../mute/dependencies.ts";
import { type Year, yearIn } from "./calendar.ts";
import { tellReport } from "./tell-report.ts";
import { type YearInput, type YearReport, yearReport } from "./year-report.ts";

const YEAR = yearIn(2026, "Europe/Paris") as Year;
const { hour } = MICROSECONDS;

function report(over: Partial<YearInput> = {}): YearReport {
  return yearReport({
    year: YEAR,
    now: NIGHT,
    head: 99,
    entries: [],
    outside: [],
    mutes: [],
    signOffs: [],
    house: [],
    dependencies: dependenciesOf(systemsOf({ id: "pacs", kind: "imaging" }).values()),
    ...over,
  });
}
const told = (made: YearReport) => tellReport(made as Masked<YearReport>, "Europe/Paris");
const entry = (seq: number, type: string, content: unknown, at = NIGHT): JournalEntry => ({
  facility: "chv",
  ...{ seq, type, at, incident: null, contentHash: "", previous: "", bodyHash: "", hash: "", salt: "" },
  content: content === null ? null : JSON.stringify(content),
});
const outside = (incident: string, regime: string | null) => ({
  id: "outside-1",
  revision: 1,
  entry: 40,
  revisions: [
    {
      ...{ declared: NIGHT, occurred: null, systems: [], what: "x", where: "CNIL", reference: "", by: "DPO" },
      ...{ incident, regime, at: NIGHT, writer: { account: "a", name: "b" }, reason: null, void: false },
    },
  ],
});

describe("what was met and not declared", () => {
  it("is listed with what was met, why, by whom, under which pack, and its entry", () => {
    const setAside = anEntry({
      incident: { state: "set_aside" },
      decisions: [
        aDecision("set_aside", NIGHT, {
          second: {
            by: { account: "acc-dora", name: "Dr Dora" },
            how: { channel: "web", second_factor: "totp" },
            at: NIGHT,
          },
        }),
      ],
      declarations: [aText()],
    });
    const made = report({ entries: [setAside] });
    expect(made.setAside).toMatchObject([
      {
        met: ["Sécurité des soins (D.1111-16-2)"],
        pack: "sante-2022, version 1",
        reason: "Pas d'effet sur les soins.",
        by: "Dr Claire",
        second: "Dr Dora",
        entry: 20,
      },
    ]);
    expect(told(made)).toMatch(
      /Pas d'effet sur les soins\. \(Dr Claire, confirmé par Dr Dora, .*\) \[n° 20\]/,
    );
  });

  it.each([
    {
      why: "nothing was met in the text",
      over: { declarations: [aText({ sealed: { pack: "p", met: [], exercise: false } })] },
    },
    { why: "the decision is about another text", over: { declarations: [aText({ version: 2 })] } },
    { why: "it began in another year", over: { declarations: [aText()], incident: { occurred: YEAR.to } } },
  ])("is not what it says when $why", ({ over }) => {
    const made = report({ entries: [anEntry({ decisions: [aDecision("set_aside", NIGHT)], ...over })] });
    expect(made.setAside).toEqual([]);
  });

  it.each([
    { what: "a duty that is due and waits", entry: anEntry({ duties: [aDuty()] }), listed: 1 },
    {
      what: "one that was filed",
      entry: anEntry({ duties: [aDuty()], deliveries: [aFiling(NIGHT)] }),
      listed: 0,
    },
    {
      what: "one set aside",
      entry: anEntry({ incident: { state: "set_aside" }, duties: [aDuty()] }),
      listed: 0,
    },
    {
      what: "one without a duty",
      entry: anEntry({ duties: [aDuty({ verdict: "no_duty_found" })] }),
      listed: 0,
    },
  ])("lists $what $listed time(s) as neither declared nor set aside", ({ entry, listed }) =>
    expect(report({ entries: [entry] }).pending).toHaveLength(listed),
  );

  it.each([
    { regime: "rgpd-33", listed: 0 },
    { regime: null, listed: 0 },
    { regime: "assurance-plainte", listed: 1 },
  ])("counts a declaration outside under $regime for the other duty", ({ regime, listed }) => {
    const other = anEntry({
      incident: { id: "incident-o" },
      duties: [
        aDuty({ verdict: "no_duty_found" }),
        aDuty({ regime: "rgpd-33", leads: false, title: "CNIL" }),
      ],
    });
    const made = report({ entries: [other], outside: [outside("incident-o", regime)] });
    expect(made.otherDuties).toHaveLength(listed);
  });
});

describe("resolution notices", () => {
  it.each([
    { state: "facts_ended", declarations: [], missing: 1 },
    { state: "closed", declarations: [aText({ kind: "resolution", state: "draft" })], missing: 1 },
    { state: "closed", declarations: [aText({ kind: "resolution", state: "filed" })], missing: 0 },
    { state: "declared", declarations: [], missing: 0 },
  ] as const)("of one that is $state: $missing missing", ({ state, declarations, missing }) => {
    const over = { incident: { state }, declarations: [...declarations], deliveries: [aFiling(NIGHT)] };
    expect(report({ entries: [anEntry(over)] }).noResolution).toHaveLength(missing);
  });
});

it("what the machine closed is listed by month with who signed for how many", () => {
  const closing = (at: number, over = {}) => ({
    ...{
      id: `closing-${at}`,
      incident: "incident-1",
      reference: "2026-0001",
      by: "machine" as const,
      writer: null,
    },
    ...{
      at,
      month: "2026-11",
      because: "17 min.",
      regime: "sante-2022",
      regime_version: "1",
      reopened: null,
    },
    ...{ entry: 50, ...over },
  });
  const reopened = { at: NIGHT, writer: "Dr Claire", reason: "À déclarer." };
  const made = report({
    entries: [
      anEntry({ closings: [closing(NIGHT), closing(NIGHT + 1, { reopened })] }),
      anEntry({ closings: [closing(NIGHT, { by: "person" })] }),
      anEntry({ closings: [closing(YEAR.from - 1, { month: "2025-12" })] }),
    ],
    signOffs: [
      {
        id: "s",
        month: "2026-11",
        sha256: "",
        count: 2,
        account: "a",
        name: "Dr Remi",
        at: NIGHT,
        entry: 60,
      },
    ],
  });
  expect(made.closings).toMatchObject([
    { month: "2026-11", machine: 2, reopened: 1, signed: [{ name: "Dr Remi", count: 2, entry: 60 }] },
  ]);
  expect(told(made)).toContain("signé par Dr Remi");
  expect(told(report({ entries: [anEntry({ closings: [closing(NIGHT)] })] }))).toContain("PAS ENCORE SIGNÉ");
});

describe("mutes that covered something", () => {
  const mute = {
    ...{ kind: "maintenance" as const, id: "mute-1", reason: "Changement de baie", made: NIGHT },
    author: { account: "acc-remi", name: "Dr Remi" },
    ...{ from: NIGHT, until: NIGHT + hour, state: "over" as const, ended: null, entry: 70 },
    covers: { systems: ["pacs"], dependents: false },
  };
  const down = (over = {}) =>
    anEntry({ facts: [aFact("system_unavailable", { system: "pacs", stated: NIGHT + 1, ...over })] });
  it.each([
    { what: "a fact stated meanwhile", entry: down(), held: 1 },
    { what: "a fact stated before", entry: down({ stated: NIGHT - 1 }), held: 0 },
    { what: "a fact stated after", entry: down({ stated: NIGHT + hour }), held: 0 },
    { what: "a fact about another system", entry: down({ system: "dpi" }), held: 0 },
    { what: "a fact withdrawn", entry: down({ withdrawn: { at: 1, writer: "x", reason: "y" } }), held: 0 },
  ])("counts $what $held time(s)", ({ entry, held }) =>
    expect(report({ entries: [entry], mutes: [mute] }).mutes).toHaveLength(held),
  );
});

describe("changes", () => {
  it.each([
    {
      made: entry(5, "note.rules", { loaded: 14, counts: { added: 2, removed: 1, changed: 0 }, refused: [] }),
      says: "Règles de détection : 14 en vigueur, 2 ajoutées, 1 retirée, 0 modifiées [n° 5]",
    },
    {
      made: entry(6, "note.law_packs", {
        change: {
          added: [{ id: "rgpd-33", version: "2" }],
          removed: [],
          changed: [{ id: "sante-2022", from: "1", to: "2" }],
        },
      }),
      says: "Textes de loi : rgpd-33 2 ajouté ; sante-2022 : 1 → 2 [n° 6]",
    },
    {
      made: entry(7, "account.put", {
        revision: 2,
        content: { login: "claire", name: "Claire", role: "delegate", active: false },
      }),
      says: "Comptes et rôles : modifié : Claire (claire), Personne déléguée, inactif [n° 7]",
    },
    {
      made: entry(8, "note.settings", {
        change: { systems: { changed: ["pacs"] }, notify: { added: ["sms"] } },
      }),
      says: "Réglages : applications et services : modification de pacs ; moyens d’appel : ajout de sms [n° 8]",
    },
    { made: entry(10, "note.rules", null), says: "Règles de détection [n° 10]" },
  ])("says $says", ({ made, says }) => expect(told(report({ house: [made] }))).toContain(says));

  it.each([
    entry(5, "mute.put", {}),
    entry(5, "note.signed_in", {}),
    entry(6, "note.rules", {}, YEAR.from - 1),
    entry(7, "note.rules", {}, YEAR.to),
  ])("leaves out what is told elsewhere or belongs to another year (%#)", (made) =>
    expect(report({ house: [made] }).changes).toEqual([]),
  );
});
