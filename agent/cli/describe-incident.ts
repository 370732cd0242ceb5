import { isoFromInstant } from "../core/clock.ts";
import { INCIDENT_STATES } from "../core/incident.ts";
import { CRITERION_VALUES, DEGREE_LABELS, VERDICTS } from "../core/qualification.ts";
import { describeFact } from "../stages/qualify.ts";
import type { Setup, Work } from "../stages/work.ts";
import type { Store, StoredAlert, StoredDetection } from "../store/store.ts";

/** What is said of one incident. */
type Described = Awaited<ReturnType<typeof describeIncident>>;

/** Says all that a replay shows of an incident, as data; `lines` are those of the alerts, by their ids. */
export async function describeIncident(
  work: Work,
  { store, setup, lines }: { store: Store; setup: Setup; lines: ReadonlyMap<string, number> },
) {
  const { incident, facts, qualification, others, deadlines } = work;
  const joined = await store.reads.detectionsOf(setup.facility.id, incident.id, 1_000_000);
  return {
    id: incident.id,
    reference: incident.reference,
    state: incident.state,
    occurred: isoFromInstant(incident.occurred),
    last_alert: isoFromInstant(incident.last_alert),
    systems: incident.systems,
    causes: incident.causes,
    alerts: alertsOf(joined, lines),
    facts: facts.map((fact) => ({
      fact: fact.kind,
      holds: fact.holds,
      system: fact.system,
      subjects: fact.subjects,
      since: isoFromInstant(fact.since),
      until: fact.until === null ? null : isoFromInstant(fact.until),
      because: describeFact(fact, setup.systems),
      alerts: fact.alerts,
    })),
    criteria: (qualification?.criteria ?? []).map(
      ({ id, label, article, legal, value, degree, because }) => ({
        id,
        value,
        degree,
        label,
        article,
        legal,
        because: because.map((each) => each.text),
      }),
    ),
    verdict: qualification?.verdict ?? "watching",
    sentence: qualification?.sentence ?? VERDICTS.watching,
    questions: (qualification?.questions ?? []).map((question) => question.text),
    regimes: [...(qualification ? [qualification] : []), ...others].map((each) => ({
      regime: each.regime,
      version: each.regime_version,
      leads: each.leads !== false,
      verdict: each.verdict,
      sentence: each.sentence,
      criteria: each.criteria.map(({ id, value, degree }) => ({ id, value, degree })),
      remarks: each.remarks ?? [],
      clocks: deadlines
        .filter((clock) => clock.regime === each.regime && clock.void !== true)
        .map(({ label, from, started, due, settled_by }) => ({
          label,
          from,
          started: isoFromInstant(started),
          due: due === null ? null : isoFromInstant(due),
          proposed: settled_by !== undefined,
        })),
    })),
  };
}

function alertsOf(
  joined: { detection: StoredDetection; alert: StoredAlert }[],
  lines: ReadonlyMap<string, number>,
) {
  const alerts = new Map<
    string,
    { id: string; line: number | null; "@timestamp": string; host: string | null; rules: string[] }
  >();
  for (const { detection, alert } of joined) {
    const known = alerts.get(alert.id);
    if (known !== undefined) known.rules.push(detection.rule.title);
    else {
      alerts.set(alert.id, {
        id: alert.id,
        line: lines.get(alert.id) ?? null,
        "@timestamp": isoFromInstant(alert.occurred),
        host: alert.alert.host?.name ?? null,
        rules: [detection.rule.title],
      });
    }
  }
  return [...alerts.values()];
}

/** Says the same in French, for people. */
export function tellIncidents(incidents: readonly Described[]): string {
  if (incidents.length === 0) return "Aucun incident.";
  return incidents
    .map((incident) => {
      const criteria = incident.criteria.map(
        ({ id, label, value, degree }) =>
          `  ${id} ${label} : ${CRITERION_VALUES[value]}${degree === null ? "" : ` (${DEGREE_LABELS[degree]})`}`,
      );
      return [
        `Incident ${incident.reference} · ${INCIDENT_STATES[incident.state]} · depuis ${incident.occurred} · ${incident.alerts.length} alerte(s)`,
        `  ${incident.sentence}`,
        ...incident.facts.map((fact) => `  - ${fact.since} ${fact.because}`),
        ...criteria,
        ...incident.regimes
          .filter(({ leads, verdict }) => !leads && verdict !== "not_applicable")
          .map(({ regime, sentence }) => `  [${regime}] ${sentence}`),
      ].join("\n");
    })
    .join("\n\n");
}
