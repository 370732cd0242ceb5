import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../documents.ts";
import { FACETS, isVerified, shareOf, stateOf } from "./facets.ts";
import { connectorFor, type Language, type Product, type Sample } from "./products.ts";
import { FAMILIES, SENTENCES } from "./sentences.ts";
import { severityLines } from "./severity-lines.ts";
import { parseCommandLine, shownSample } from "./shell-command.ts";

/** Where a page of a language stands, and where the guide of sources is from there. */
const GUIDE: Readonly<Record<Language, string>> = { fr: "../sources.md", en: "../fr/sources.md" };

/** Where the guide of sources tells how to configure a product. */
const IN_GUIDE: Readonly<Record<string, string>> = {
  alertmanager: "alertmanager-et-grafana",
  generic: "tout-autre-outil-en-http",
};

/** What deploy/integrations holds for a product, by its folder there. */
const KITS: Readonly<Record<string, string>> = {
  alertmanager: "alertmanager",
  "kibana-rule-action": "elastic",
  "microsoft-sentinel": "sentinel",
  "nagios-log": "centreon",
  "splunk-alert": "splunk",
  wazuh: "wazuh-4",
  zabbix: "zabbix",
};

/** Makes the page of one product in one language. */
export function productPage(product: Product, language: Language): string {
  const say = (key: keyof typeof SENTENCES) => String(SENTENCES[key][language]);
  const { name, title, guide, format, samples } = product;
  const where = format === undefined ? `connectors/products/${name}.yml` : "connectors/programs.yml";
  const shown = shownSample(product);
  return `${[
    `# ${title[language]}`,
    `<!-- ${say("made")} ${where} -->`,
    `${say("family")}${say("colon")} ${FAMILIES[guide.family][language]}. ${say("readBy")} ${
      format === undefined ? `${say("mapping")} \`${name}\`` : `${say("format")} \`${format}\``
    }.`,
    say(isVerified(product) ? "cited" : "uncited"),
    `## ${say("there")}`,
    ...stepsOf(product, language),
    ...kitOf(product, language),
    `## ${say("block")}`,
    ...blockOf(product, language),
    `## ${say("arrives")}`,
    `${samples.length} ${say("examples")}.`,
    kindsTable(samples, language),
    say("fieldsRead"),
    fieldsTable(samples),
    `## ${say("states")}`,
    statesOf(samples, language),
    `## ${say("severity")}`,
    ...severityLines(product, language),
    `## ${say("test")}`,
    say("testBefore"),
    fence("sh", parseCommandLine(shown)),
    say("testAfter"),
    fence("text", readLines(shown).join("\n")),
    say("testLive"),
    `## ${say("notRead")}`,
    ...(guide.unread === undefined ? [] : [guide.unread[language]]),
    holesOf(product, language),
    `## ${say("references")}`,
    referencesOf(product, language),
  ].join("\n\n")}\n`;
}

/** What a page says is read of a record: a field a line. */
export function readLines({ fields }: Sample): string[] {
  return [...fields].flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${told(value)}`]));
}

/** A value as a page shows it: on one line, whatever is in it. */
export function told(value: unknown): string {
  return typeof value === "string" && /^[^\p{Cc}`]+$/u.test(value) ? value : JSON.stringify(value);
}

const fence = (kind: string, text: string) => `\`\`\`${kind}\n${text}\n\`\`\``;
const dated = (date: string, language: Language) =>
  language === "fr" ? date.split("-").reverse().join("/") : date;

function stepsOf({ name, guide }: Product, language: Language): string[] {
  const say = (key: keyof typeof SENTENCES) => String(SENTENCES[key][language]);
  const posted = guide.by === "http" || guide.by === "poll";
  const placeholders = say(posted ? "placeholdersHttp" : "placeholders");
  const steps = guide[language];
  if (steps.length === 0) {
    const to = posted ? `${say("toHttp")} \`https://TOCSIN:8471/api/v1/alerts/${name}\`.` : say("toSyslog");
    const place = IN_GUIDE[name];
    const how =
      place === undefined
        ? `${say("unread")} ${to}`
        : `${say("told")} [sources.md](${GUIDE[language]}#${place}).`;
    return [how, placeholders];
  }
  const urls = [guide.url ?? []].flat().map((url) => `<${url}>`);
  return [
    steps.map((step, i) => `${i + 1}. ${step}`).join("\n"),
    placeholders,
    `${say("stepsFrom")} ${dated(guide.read ?? "", language)}${say("colon")} ${urls.join(", ")}`,
  ];
}

function kitOf({ name }: Product, language: Language): string[] {
  const kit = KITS[name] && `deploy/integrations/${KITS[name]}/README.md`;
  if (kit === undefined || !existsSync(join(ROOT, kit))) return [];
  const up = language === "fr" ? "../../.." : "../..";
  return [`${SENTENCES.kit[language]} [deploy/integrations/${KITS[name]}](${up}/${kit}).`];
}

/** The source to paste, and what goes with it. */
function blockOf(product: Product, language: Language): string[] {
  const say = (key: keyof typeof SENTENCES) => String(SENTENCES[key][language]);
  const more = `[sources.md](${GUIDE[language]})`;
  if (product.guide.by === "http" || product.guide.by === "poll") {
    return [
      fence("yaml", sourceBlock(product)),
      `${say("token")} ${more}`,
      ...(product.guide.by === "poll" ? [say("polled")] : []),
    ];
  }
  const shared = connectorFor(product) === "syslog";
  return [fence("yaml", sourceBlock(product)), `${say(shared ? "shared" : "alone")} ${more}`];
}

/** The source of a product, as the configuration has it. */
export function sourceBlock(product: Product): string {
  const { name, guide } = product;
  const connector = connectorFor(product);
  if (guide.by === "http" || guide.by === "poll")
    return `sources:
  - id: ${name}
    connector: ${connector}
    token: { file: secrets/${name}.token }`;
  return `sources:
  - id: ${connector === "syslog" ? "journaux" : name}
    connector: ${connector}
    listen:
      - { transport: udp, address: 0.0.0.0, port: 5514 }
      - { transport: tcp, address: 0.0.0.0, port: 5514 }`;
}

function kindsTable(samples: readonly Sample[], language: Language): string {
  const rows = new Set(
    samples.map(({ fields }) =>
      ["event.kind", "event.category", "event.action", "event.code", "message"]
        .map((name) => cell([fields.get(name) ?? ""].flat().join(", ")))
        .join(" | "),
    ),
  );
  const head = SENTENCES.kinds[language];
  return [
    `| ${head.join(" | ")} |`,
    `|${head.map(() => "---|").join("")}`,
    ...[...rows].map((row) => `| ${row} |`),
  ].join("\n");
}

/** Characters of a text that a table shows. */
const SHOWN = 80;

/** A text as a cell of a table: one line, no mark of its own. */
function cell(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, " ").trim();
  const cut = line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
  return cut === "" ? "" : `\`${cut.replaceAll("`", "ʼ").replaceAll("|", "\\|")}\``;
}

function fieldsTable(samples: readonly Sample[]): string {
  const counts = new Map<string, number>();
  for (const { fields } of samples)
    for (const name of fields.keys()) counts.set(name, (counts.get(name) ?? 0) + 1);
  const groups = Map.groupBy([...counts.keys()].toSorted(), (name) => name.split(".")[0] ?? name);
  const list = [...groups].map(([, names]) =>
    names.map((name) => `\`${name}\` ${counts.get(name)}`).join(", "),
  );
  return list.map((line) => `- ${line}`).join("\n");
}

function statesOf(samples: readonly Sample[], language: Language): string {
  const states = new Set(samples.flatMap((sample) => stateOf(sample) ?? []));
  if (states.size === 0) return SENTENCES.stateless[language];
  const list = [...states].toSorted().map((state) => `\`${state}\``);
  return `${SENTENCES.statesRead[language]} ${list.join(", ")}.`;
}

function holesOf(product: Product, language: Language): string {
  const holes = FACETS.filter((facet) => shareOf(product, facet) === 0).map(({ name }) => name[language]);
  return holes.length === 0
    ? SENTENCES.noHoles[language]
    : `${SENTENCES.holes[language]} ${holes.join(", ")}.`;
}

function referencesOf({ references }: Product, language: Language): string {
  if (references.length === 0) return SENTENCES.noReferences[language];
  return references.map(({ url, read }) => `- <${url}> (${dated(read, language)})`).join("\n");
}
