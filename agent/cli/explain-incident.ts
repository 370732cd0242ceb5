import type { Command } from "commander";
import { type Instant, isoFromInstant } from "../core/clock.ts";
import { underDefenceSecret } from "../core/fact.ts";
import { INCIDENT_STATES } from "../core/incident.ts";
import type { Masks } from "../core/masked.ts";
import { CRITERION_VALUES, DEGREE_LABELS, VERDICTS } from "../core/qualification.ts";
import { passingMasks } from "../setup.ts";
import { showEvidence } from "../stages/desk/show-evidence.ts";
import { formatInstant } from "../stages/french.ts";
import { becauseTree, type TreeDuty, type TreeFact } from "../stages/law/because-tree.ts";
import { loadWork } from "../stages/work.ts";
import type { Reads } from "../store/store.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalledReads } from "./config-option.ts";
import { incidentNamed } from "./incident-named.ts";

/** Alerts read with an incident, as many as its page reads. */
const EVIDENCE = 200;

/** Registers `explain`: why an incident has its verdict, down to the alerts, as its page tells it. */
export function explainCommand(program: Command): void {
  program
    .command("explain")
    .description("tell why an incident has its verdict: criterion, article, facts, rule and version, alerts")
    .argument("<incident>", "reference of the incident, such as 2026-0001, or its id")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .option("--json", "print the tree as JSON")
    .action(async (reference: string, options: { config: string; json?: boolean }) => {
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const { facility } = loaded.config;
      const reads = await openInstalledReads(loaded);
      try {
        const explained = await explainIncident(reads, reference, {
          facility: facility.id,
          systems: loaded.config.systems,
          masks: passingMasks(loaded),
        });
        process.stdout.write(
          `${options.json ? JSON.stringify(explained) : explainedText(explained, facility.time_zone)}\n`,
        );
      } finally {
        await reads.close();
      }
    });
}

type Explained = Awaited<ReturnType<typeof explainIncident>>;

/** Reads an incident and builds its tree; what it says of patients is masked. Errors: `incident_unknown`. */
export async function explainIncident(
  reads: Reads,
  reference: string,
  {
    facility,
    systems,
    masks,
  }: { facility: string; systems: Parameters<typeof becauseTree>[0]["systems"]; masks: Masks },
) {
  const { id } = await incidentNamed(reads, facility, reference);
  const work = await loadWork(reads, facility, id);
  if (work === undefined) throw new Error(`incident ${id} went away`);
  const { incident, facts, qualification, others } = work;
  // Under the flag nothing is told but the flag.
  const secret = underDefenceSecret(facts);
  const evidence = secret ? [] : showEvidence(await reads.detectionsOf(facility, id, EVIDENCE), masks, id);
  const told = secret ? [] : facts;
  const tree = becauseTree({ qualification, others: secret ? [] : others, facts: told, evidence, systems });
  return masks.every(
    { id, reference: incident.reference, state: incident.state, duties: tree },
    { incident: id },
  );
}

/** The tree as text, a line a step, in French. */
export function explainedText({ reference, state, duties }: Explained, zone: string): string {
  const lines = [`Incident ${reference} · ${INCIDENT_STATES[state]}`];
  for (const duty of duties) lines.push("", ...dutyLines(duty, (at) => formatInstant(at, zone)));
  return lines.join("\n");
}

type When = (at: Instant) => string;

function dutyLines(duty: TreeDuty, when: When): string[] {
  const lines = [
    `${duty.title} [${duty.regime}, version ${duty.version}${duty.verified === null ? "" : `, textes vérifiés le ${duty.verified}`}]`,
    `  ${VERDICTS[duty.verdict]} · ${duty.sentence}`,
    ...duty.remarks.map((remark) => `  à savoir : ${remark}`),
  ];
  for (const { id, label, value, degree, article, legal, because } of duty.criteria) {
    const words = `${CRITERION_VALUES[value]}${degree === null ? "" : ` (${DEGREE_LABELS[degree]})`}`;
    lines.push(`  ${id} ${label} : ${words}`, `    ${legal ? "article" : "consigne"} : ${article}`);
    for (const { text, basis, setting, facts } of because) {
      const mark = basis === "person" ? " [dit par une personne]" : "";
      lines.push(`    - ${text}${mark}`);
      if (setting !== null) lines.push(`      réglage de l'établissement : ${setting}`);
      for (const fact of facts) lines.push(...factLines(fact, when));
    }
  }
  for (const question of duty.questions) lines.push(`  ? ${question.text}`);
  return lines;
}

function factLines({ since, until, origin, alerts, count }: TreeFact, when: When): string[] {
  const times = `${when(since)}${until === null ? "" : ` → ${when(until)}`}`;
  const from =
    origin.by === "rule"
      ? `règle ${origin.rule} (${origin.version})`
      : origin.by === "person"
        ? `signalé par ${origin.source}, ${origin.link === undefined ? "noté par " : ""}${origin.writer}`
        : origin.because;
  return [
    `      fait du ${times}, ${from}`,
    ...alerts.map(
      ({ id, at, source, title }) =>
        `        alerte ${id}${at === null ? "" : ` ${isoFromInstant(at)} ${source} : ${title}`}`,
    ),
    ...(count > alerts.length ? [`        et ${count - alerts.length} autre(s) alerte(s)`] : []),
  ];
}
