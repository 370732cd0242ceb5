import type { MappingFile } from "../../../connectors/mapping/schema.ts";
import type { Language, Product } from "./products.ts";
import { SENTENCES } from "./sentences.ts";

type Severities = NonNullable<MappingFile["severity"]>;
type Severity = Extract<Severities, { from: unknown }>;

/** What a page says of the severity: the scale of the mapping, else what the format made of the records. */
export function severityLines({ mapping, samples }: Product, language: Language): string[] {
  if (mapping?.severity !== undefined) {
    const lines = [mapping.severity].flat().map((severity) => `- ${severityLine(severity, language)}`);
    return [SENTENCES.severityTold[language], lines.join("\n")];
  }
  const seen = new Set(
    samples.flatMap(({ fields }) => {
      const risk = fields.get("event.risk_score_norm");
      return risk === undefined ? [] : [`\`${fields.get("event.severity") ?? "–"}\` → ${risk}`];
    }),
  );
  if (seen.size === 0) return [SENTENCES.severityNone[language]];
  return [`${SENTENCES.severitySeen[language]} ${[...seen].toSorted().join(", ")}.`];
}

function severityLine({ from, when, scale, map }: Severity, language: Language): string {
  const say = (key: keyof typeof SENTENCES) => String(SENTENCES[key][language]);
  const names = [from].flat().map((name) => `\`${name}\``);
  const words = Object.entries(map ?? {}).map(
    ([word, graded]) => `\`${word}\` ${typeof graded === "number" ? graded : graded.risk}`,
  );
  const kind =
    scale === "syslog"
      ? say("severitySyslog")
      : scale === undefined
        ? say("severityWords")
        : `${say("severityScale")} (${scale.join("–")})`;
  const told = [...words, kind].join(", ");
  const condition = when === undefined ? "" : `, ${say("severityWhen")} \`${JSON.stringify(when)}\``;
  return `${say("severityFrom")} ${names.join(", ")}${condition}${say("colon")} ${told}.`;
}
