import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import type { Alert } from "../../../agent/core/alert.ts";
import { CORPUS } from "../../../test/support/hostile.ts";
import { fc } from "../../../test/support/property.ts";
import { catalogueWith, openCatalogue } from "../../registry.ts";
import { fieldReader } from "../field-reader.ts";
import { suggestCases } from "./suggest-cases.ts";
import { readSuggested, type SuggestedMapping, suggestMapping } from "./suggest-mapping.ts";
import { SAMPLE_LIMITS } from "./suggest-sample.ts";

const CONTEXT = { received: Date.UTC(2026, 10, 22) * 1000, zone: "UTC" };
const { catalogue } = openCatalogue([]);

const recordsOf = (lines: readonly string[]) => lines.map((text, i) => ({ line: i + 1, text }));
const suggest = (lines: readonly string[], over: { as?: string; name?: string } = {}) =>
  suggestMapping({ records: recordsOf(lines), source: "sample.log", catalogue, context: CONTEXT, ...over });

function suggested(lines: readonly string[], over: { as?: string; name?: string } = {}): SuggestedMapping {
  const outcome = suggest(lines, over);
  if (outcome.outcome === "refused") throw new Error(outcome.problem.message);
  return outcome;
}

/** The alerts of records, with the skeleton in force. */
function readBy({ yaml }: SuggestedMapping, lines: readonly string[]): (Alert | undefined)[] {
  const mapping = readSuggested(yaml);
  expect(mapping, yaml).toBeDefined();
  const source = catalogueWith(mapping === undefined ? [] : [mapping]).named("auto");
  return lines.map((text) => source?.parse(text, CONTEXT).alert);
}

const FIREWALL = [
  `<134>Nov 20 10:00:01 fw-a barriered[12]: evt=deny client_addr=192.0.2.10 target_addr=198.51.100.7 login_id=camille why="no rule" grav=high`,
  `<134>Nov 20 10:00:02 fw-a barriered[12]: evt=allow client_addr=192.0.2.11 target_addr=198.51.100.8 login_id=jo why="rule 7" grav=low`,
];
const EDR = [
  `{"product":"Vigie EDR","agentHost":"pc-accueil","operator":"camille","threat":{"title":"Outil de vidage","score":80},"badFile":{"fichier":"outil.exe","hashSha256":"${"ab".repeat(32)}"},"odd":"x"}`,
  `{"product":"Vigie EDR","agentHost":"pc-bloc-2","operator":"jo","threat":{"title":"Macro","score":40},"badFile":{"fichier":"note.doc","hashSha256":"${"cd".repeat(32)}"},"odd":"y"}`,
];
const CSV = [
  "quand;client_ip;identifiant;action;resultat;carte",
  "20/11/2026 10:00:00;192.0.2.1;camille;connexion;OK;00-00-5E-00-53-23",
  "20/11/2026 10:01:00;192.0.2.2;jo;connexion;KO;00-00-5E-00-53-24",
];
const FREE = [
  "<134>Nov 20 10:00:01 srv portail[1]: Failed login for user camille from 192.0.2.5",
  "<134>Nov 20 10:00:02 srv portail[1]: Failed login for user jo from 192.0.2.6",
];
const CEF = [
  "CEF:0|Exemple|Sas|1.0|100|Piece bloquee|7|src=192.0.2.1 operateur=camille cs1=Sortie cs1Label=politique nomPoste=pc-7",
  "CEF:0|Exemple|Sas|1.0|101|Piece passee|3|src=192.0.2.2 operateur=jo cs1=Entree cs1Label=politique nomPoste=pc-8",
];
const PAIRS = [
  "<134>1 2026-11-20T10:00:00Z srv guichet 1 - - Utilisateur: camille; Adresse: 192.0.2.1; Resultat: ok",
  "<134>1 2026-11-20T10:00:01Z srv guichet 1 - - Utilisateur: jo; Adresse: 192.0.2.2; Resultat: echec",
];

describe("a skeleton", () => {
  it.each<[string, string[], { over: string; when: object; fields: Record<string, unknown> }]>([
    [
      "a firewall's pairs under names of its own",
      FIREWALL,
      {
        over: "keyvalue",
        when: { "process.name": "barriered" },
        fields: {
          "event.action": "deny",
          "source.ip": "192.0.2.10",
          "destination.ip": "198.51.100.7",
          "user.name": "camille",
          "event.reason": "no rule",
          "event.risk_score_norm": 75,
        },
      },
    ],
    [
      "the JSON of an EDR",
      EDR,
      {
        over: "generic",
        when: { product: "Vigie EDR" },
        fields: {
          "host.name": "pc-accueil",
          "user.name": "camille",
          "rule.name": "Outil de vidage",
          "file.name": "outil.exe",
          "file.hash.sha256": "ab".repeat(32),
          "event.risk_score_norm": 80,
        },
      },
    ],
    [
      "free text of a program",
      FREE,
      {
        over: "syslog",
        when: { "process.name": "portail" },
        fields: { "user.name": "camille", "source.ip": "192.0.2.5" },
      },
    ],
    [
      "CEF with extensions of its own",
      CEF,
      {
        over: "cef",
        when: { "observer.vendor": "Exemple", "observer.product": "Sas" },
        fields: { "user.name": "camille", "host.name": "pc-7", "rule.name": "Sortie" },
      },
    ],
    [
      "pairs in the text of syslog",
      PAIRS,
      {
        over: "syslog",
        when: { "process.name": "guichet" },
        fields: { "user.name": "camille", "source.ip": "192.0.2.1", "event.outcome": "success" },
      },
    ],
  ])("of %s loads, knows its records, and places their fields", (_, lines, wanted) => {
    const made = suggested(lines);
    const written = load(made.yaml) as { over: string[]; when: object };
    expect(written).toMatchObject({ over: [wanted.over], when: wanted.when });
    expect(written.when).toEqual(wanted.when);
    const alerts = readBy(made, lines);
    expect(alerts.map((alert) => alert?.event?.dataset)).toEqual(lines.map(() => made.name));
    const [first] = alerts;
    expect(
      Object.fromEntries(Object.keys(wanted.fields).map((name) => [name, first && fieldReader(name)(first)])),
    ).toEqual(wanted.fields);
  });

  it("takes the names of columns from a first line, and gives the date that it cannot read no place", () => {
    const made = suggested(CSV);
    expect(load(made.yaml)).toMatchObject({
      read: [
        { columns: ["quand", "client_ip", "identifiant", "action", "resultat", "carte"], separator: ";" },
      ],
      fields: { "event.outcome": { from: "resultat", map: { OK: "success", KO: "failure" } } },
    });
    const [, row] = readBy(made, CSV);
    expect(row).toMatchObject({
      event: { action: "connexion", outcome: "success" },
      source: { ip: "192.0.2.1" },
      user: { name: "camille" },
    });
  });

  it("never repeats what the parser placed", () => {
    const { yaml } = suggested([
      "<134>Nov 20 10:00:01 fw-a barriered[12]: srcip=192.0.2.10 dstip=198.51.100.7 user=camille client_why=x note=z",
    ]);
    expect(yaml).not.toMatch(/srcip|dstip|camille/);
    expect(yaml).toContain('"note": "z"');
  });

  it("recognises the product by nothing that varies", () => {
    const { when } = load(
      suggested([
        '{"product":"Vigie","type":"alerte","hostname":"a","user":"x"}',
        '{"product":"Vigie","type":"bilan","hostname":"b","user":"y"}',
      ]).yaml,
    ) as { when: object };
    expect(when).toEqual({ product: "Vigie" });
  });

  it("offers what only its value tells as a comment, which loads when it is uncommented", () => {
    const { yaml } = suggested([
      `{"product":"Vigie","zzz":"00-00-5E-00-53-23","yyy":"https://example.org/a"}`,
    ]);
    expect(yaml).toContain("  # source.mac: zzz  # a hardware address");
    const open = yaml.replace(/^fields: \{\}$/m, "fields:").replace(/^ {2}# (\S+: \S+ {2}#)/gm, "  $1");
    expect(load(open)).toMatchObject({ fields: { "source.mac": "zzz", "url.original": "yyy" } });
    expect(readSuggested(open)).toBeDefined();
  });

  it("has a name that no mapping and no format has", () => {
    const of = (name: string) => suggested(FIREWALL, { name }).name;
    expect([of("fortinet-fortigate"), of("cef"), of("Pâre Feu / été"), of("***")]).toEqual([
      "fortinet-fortigate-2",
      "cef-2",
      "pare-feu-ete",
      "new-product",
    ]);
  });

  it("says that a mapping reads such records already", () => {
    const { remarks } = suggested([
      "<164>Oct 10 2025 12:34:56 fw-1 : %ASA-6-611101: User authentication succeeded: IP address: 192.0.2.44, Uname: admin",
    ]);
    expect(remarks).toContain("the mapping cisco-asa reads such records already");
  });

  it("comes with cases of what is read now, one of each kind", () => {
    const made = suggested(FREE);
    const cases = load(suggestCases(made)) as { record: string; expected: Record<string, unknown> }[];
    expect(cases).toHaveLength(1);
    expect(cases[0]).toMatchObject({
      record: FREE[0],
      expected: { "user.name": "camille", "source.ip": "192.0.2.5", "process.name": "portail" },
    });
  });
});

describe("a sample that is none", () => {
  it.each<[string, string[], { as?: string }, string, string, RegExp]>([
    ["nothing", [], {}, "sample_empty", "sample.log", /no record/],
    ["blank lines", ["", "  "], {}, "sample_empty", "sample.log", /no record/],
    ["bytes", ["a b", "x\0\u0001"], {}, "sample_binary", "sample.log:2", /no text/],
    ["two formats", [...CEF, ...EDR], {}, "not_one_product", "sample.log:3", /generic, and line 1 is cef/],
    [
      "two programs",
      [FREE[0] ?? "", "<134>Nov 20 10:00:01 srv autre[1]: Bonjour tout le monde"],
      {},
      "not_one_product",
      "sample.log:2",
      /of "autre", and line 1 of "portail"/,
    ],
    [
      "texts with nothing in common",
      ["alpha beta", "gamma delta"],
      {},
      "not_one_product",
      "sample.log:2",
      /alike/,
    ],
    ["no such format", FREE, { as: "cef" }, "sample_unread", "sample.log:1", /as cef/],
  ])("is refused with its place: %s", (_, lines, over, code, where, message) => {
    const outcome = suggest(lines, over);
    expect(outcome).toMatchObject({ outcome: "refused", problem: { code, where } });
    if (outcome.outcome !== "refused") return expect.unreachable();
    expect(outcome.problem.message).toMatch(message);
    expect(outcome.problem.remedy).not.toBe("");
  });
});

/** Only what a reader sees, and no line that is not the skeleton's own. */
const SEEN = /^[\n\x20-\x7e…—à-ÿ]*$/;

describe("hostile records", () => {
  it.each(CORPUS)("stay quoted within the skeleton: $name", ({ text }) => {
    const lines = [
      JSON.stringify({ product: "Vigie", [text]: text, user_seen: text, note: text }),
      JSON.stringify({ product: "Vigie", [text]: `${text}.`, user_seen: text, note: text }),
    ];
    const { yaml } = suggested(lines);
    expect(readSuggested(yaml)).toBeDefined();
    for (const line of yaml.split("\n").filter((each) => each.includes("# "))) {
      expect(line).not.toMatch(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u);
    }
    expect(Object.keys(load(yaml) as object).toSorted()).toEqual(
      expect.arrayContaining(["mapping", "over", "title", "when"]),
    );
  });

  it.each(["syslog", "json", "pairs", "text"])(
    "of any bytes give a skeleton that loads, or a reason: %s",
    (kind) => {
      const written: Record<string, (a: string, b: string) => string> = {
        syslog: (a, b) => `<134>Nov 20 10:00:01 srv prog[1]: ${a} ${b}`,
        json: (a, b) => JSON.stringify({ product: "Vigie", [a]: b, [b]: [{ id: a }] }),
        pairs: (a, b) => `<134>Nov 20 10:00:01 srv prog[1]: ${a}=${b}; client_addr=${b}; x=1`,
        text: (a, b) => `${a}\t${b}`,
      };
      fc.assert(
        fc.property(
          fc.array(
            fc.tuple(
              fc.string({ unit: "binary", maxLength: 60 }),
              fc.string({ unit: "grapheme", maxLength: 60 }),
            ),
            { minLength: 1, maxLength: 4 },
          ),
          (pieces) => {
            const lines = pieces.map(([a, b]) => (written[kind]?.(a, b) ?? "").replaceAll("\n", " "));
            const outcome = suggest(lines);
            if (outcome.outcome === "refused")
              return outcome.problem.where?.startsWith("sample.log") === true;
            const mapping = readSuggested(outcome.yaml);
            const [text = ""] = outcome.records.map((each) => each.text);
            const alert = mapping && catalogueWith([mapping]).named("auto")?.parse(text, CONTEXT).alert;
            return alert?.event?.dataset === outcome.name && !/[\u202e\u2028\u200b\0]/.test(outcome.yaml);
          },
        ),
        { numRuns: 60 },
      );
    },
  );

  it("are only looked at up to a bound", () => {
    const lines = Array.from({ length: SAMPLE_LIMITS.records + 5 }, (_, i) => `SONDE s-${i} etat=${i} ${i}`);
    const made = suggested(lines);
    expect(made.records).toHaveLength(SAMPLE_LIMITS.records);
    expect(made.remarks).toContain(`only the first ${SAMPLE_LIMITS.records} records were looked at`);
  });

  it("show what is unseen by its number", () => {
    const { yaml } = suggested([
      JSON.stringify({ product: "Vigie", "a\u202eb": "c\u2028d", user_seen: "\u200bx" }),
    ]);
    expect(yaml).toMatch(SEEN);
    expect(yaml).toContain("\\u202e");
  });
});
