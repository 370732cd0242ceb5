import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Alert, AlertTag } from "../../../agent/core/alert.ts";
import { parseText } from "../../../agent/stages/ingest.ts";
import type { ParseContext } from "../../../connectors/contract.ts";
import { whenTest } from "../../../connectors/mapping/condition.ts";
import { ecsReader } from "../../../connectors/mapping/field-reader.ts";
import { Guide, MappingFile, References, When } from "../../../connectors/mapping/schema.ts";
import { CASES_ENDING } from "../../../connectors/names.ts";
import { inboundNamed, readMappings, SHIPPED_MAPPINGS } from "../../../connectors/registry.ts";
import { ecsFields } from "../../../connectors/shared/put-ecs.ts";
import { readYaml } from "../../../connectors/shared/read-yaml.ts";
import { ROOT } from "../documents.ts";
import { recordsOf } from "../fixtures.ts";

export type Language = "fr" | "en";
export type Family = Guide["family"];

/** A record of the cases or of the fixtures, and what is read of it whenever and wherever it is read. */
export interface Sample {
  /** The source that it is read as, as `parse --as` names it. */
  as: string;
  record: string;
  /** ECS fields by their dotted names, save those that are of the reading itself. */
  fields: ReadonlyMap<string, unknown>;
}

/** A product or a format that has a page. */
export interface Product {
  name: string;
  title: Record<Language, string>;
  guide: Guide;
  references: References;
  /** The mapping, when it is one. */
  mapping?: MappingFile;
  /** The format that reads it, when it is read by code. */
  format?: string;
  samples: readonly Sample[];
}

/** A product that is read by code: which records of the fixtures are its own, and what its page says. */
const Program = z.strictObject({
  name: z.string(),
  title: z.string(),
  connector: z.string(),
  /** `connector/fixture`, without their ending. */
  fixtures: z.array(z.string()).min(1),
  /** Which records of them. (Default: all.) */
  when: When.optional(),
  reference: References.default([]),
  guide: Guide,
});

/** A product whose format was read in no citable source. */
const Unverified = z.strictObject({
  name: z.string(),
  family: Guide.shape.family,
  fr: z.string(),
  en: z.string(),
});
export type Unverified = z.infer<typeof Unverified>;

const Case = z.object({ as: z.string().default("auto"), record: z.string() });

/** Two readings of which only what is alike is of the record: the rest tells when and where it was read. */
const READINGS: readonly ParseContext[] = [
  { received: Date.UTC(2026, 0, 1) * 1000, zone: "UTC" },
  { received: Date.UTC(2027, 6, 1) * 1000, zone: "Asia/Tokyo" },
];

/** What the reader writes of every record, whatever it is. */
const OWN = new Set(["event.module", "event.dataset", "event.original", "ecs.version", "tags"]);
const FIELDS = ["@timestamp", ...ecsFields()].filter((name) => !OWN.has(name));

/** Every product that has a page: those of the mappings, then those that are read by code, by name. */
export function products(): Product[] {
  const mapped = readMappings([SHIPPED_MAPPINGS]).mappings.flatMap(({ file }) => mappedProduct(file) ?? []);
  return [...mapped, ...programs()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The products that are not claimed, and what is known of each. */
export function unverified(): Unverified[] {
  return z.array(Unverified).parse(yamlOf(join(ROOT, "connectors/unverified.yml")));
}

/** The product of a mapping; undefined while it has no cases, which its own test refuses. */
function mappedProduct(file: string): Product | undefined {
  const beside = file.replace(/\.ya?ml$/, CASES_ENDING);
  if (!existsSync(beside)) return undefined;
  const mapping = MappingFile.parse(yamlOf(file));
  const { mapping: name, title, over, reference } = mapping;
  const by = over.every((format) => format === "generic") ? "http" : "syslog";
  const guide = mapping.guide ?? Guide.parse({ by, family: "security", title_fr: title });
  const cases = z.array(Case).parse(yamlOf(beside));
  return {
    name,
    title: { fr: guide.title_fr, en: title },
    guide,
    references: reference,
    mapping,
    // A case may be of a neighbour, which the mapping must leave alone.
    samples: cases.flatMap(({ as, record }) => sampleOf(as, record, { "event.dataset": name }) ?? []),
  };
}

function programs(): Product[] {
  const written = z.array(Program).parse(yamlOf(join(ROOT, "connectors/programs.yml")));
  return written.map(({ name, title, connector, fixtures, when, reference, guide }) => ({
    name,
    title: { fr: guide.title_fr, en: title },
    guide,
    references: reference,
    format: connector,
    samples: fixtures.flatMap((fixture) => {
      const [folder = "", file = ""] = fixture.split("/");
      return recordsOf(join(ROOT, "connectors/inbound", folder, "fixtures", `${file}.in`)).flatMap(
        (record) => sampleOf(folder, record, when) ?? [],
      );
    }),
  }));
}

/** Reads a record; undefined when it cannot be read, or is none of those wanted. */
function sampleOf(as: string, record: string, when?: When): Sample | undefined {
  const [alert, again] = READINGS.map((context) => parseText(as, record, context)).map(
    ({ alert: read, error }) => (error === undefined ? read : undefined),
  );
  if (alert === undefined || again === undefined || whenTest(when)?.(alert) === false) return undefined;
  return { as, record, fields: steadyFields(alert, again) };
}

function steadyFields(alert: Alert, again: Alert): ReadonlyMap<string, unknown> {
  const fields = new Map<string, unknown>();
  const timed = !(alert.tags ?? []).includes(AlertTag.noTime);
  for (const name of FIELDS) {
    const read = ecsReader(name);
    const value = read(alert);
    // A date without its year or zone is a date of the record all the same, told without its value.
    if (name === "@timestamp") {
      if (timed) fields.set(name, value === read(again) ? value : undefined);
    } else if (value !== undefined && JSON.stringify(value) === JSON.stringify(read(again)))
      fields.set(name, value);
  }
  return fields;
}

/** Of the records, the share that a port shared with other products must read alike: fixtures hold odd ones too. */
const MOST = 0.9;

/** The source of the configuration that reads the records of a product: shared with others when it can be. */
export function connectorFor({ name, format, guide, samples }: Product): string {
  if (guide.by === "http" || guide.by === "poll")
    return inboundNamed(format ?? name)?.decode === undefined ? "auto" : (format ?? name);
  const alike = samples.filter(({ as, record }) => {
    const wanted = tellingOf(as, record);
    const sent = [record, `<13>1 2026-01-01T00:00:00Z machine ${format ?? "-"} - - - ${record}`];
    return sent.some((text) => tellingOf("syslog", text) === wanted);
  });
  return alike.length >= samples.length * MOST ? "syslog" : (format ?? name);
}

/** What tells that two readings are of one product. */
const TELLING = ["event.category", "event.action", "event.outcome", "source.ip", "url.original"].map(
  ecsReader,
);

function tellingOf(as: string, record: string): string {
  const { alert = {} } = parseText(as, record, READINGS[0] as ParseContext);
  return JSON.stringify(TELLING.map((read) => read(alert) ?? null));
}

function yamlOf(file: string): unknown {
  const { read, problems } = readYaml(readFileSync(file, "utf8"), file, "yaml");
  if (read === undefined) throw new Error(`${file}: ${problems[0]?.message}`);
  return read.value;
}
