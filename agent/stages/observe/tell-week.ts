import { INCIDENT_STATES } from "../../core/incident.ts";
import { DEGREE_LABELS, VERDICTS } from "../../core/qualification.ts";
import { formatInstant, tellingOf } from "../french.ts";
import type { ReportedIncident, Sent, WeekReport } from "./report-week.ts";
import type { Call } from "./would-have-told.ts";

const ROLES = { on_call: "astreinte informatique", delegate: "personne déléguée" } as const;
const EVENTS: Readonly<Partial<Record<Call["event"], string>>> = {
  incident_opened: "incident ouvert",
  decision_needed: "décision attendue",
  not_filed: "texte validé, pas encore déposé",
};

/** Finding is knowing: constat starts duties, whatever mode the program runs in. */
const KNOWING =
  "La lecture de ce bilan vaut constat : la déclaration se fait alors sans délai (L.1111-8-2), et les 72 h du RGPD courent.";
const WARNINGS: Readonly<Record<WeekReport["mode"], string>> = {
  observe: `À SAVOIR : découvrir ici un incident passé qui devait être déclaré, c'est en prendre connaissance. ${KNOWING} Le mode observation n'envoie rien ; il ne dispense de rien.`,
  exercise: `EXERCICE : tout ce qui est parti cette semaine était marqué EXERCICE, et rien n'a été déposé auprès d'une autorité. Découvrir ici un incident réel qui devait être déclaré, c'est en prendre connaissance. ${KNOWING}`,
  live: `À SAVOIR : un incident à déclarer sur lequel personne n'a encore pris note (« aucun constat »), le découvrir ici, c'est en prendre connaissance. ${KNOWING}`,
};
const MARKS: Readonly<Record<WeekReport["mode"], string>> = {
  observe: " · Observation (aucun envoi)",
  exercise: " · EXERCICE",
  live: "",
};
const ATTEMPTS: Readonly<Record<string, string>> = {
  delivered: "",
  uncertain: ", sans confirmation",
  refused: ", REFUSÉ",
  unreachable: ", NON JOINT",
};

/** Writes the report of a week as a French text, for a zone. */
export function tellWeek(report: WeekReport, zone: string): string {
  const { facility, mode, week, incidents, closed, rules, detections, costly } = report;
  // Outside of observation people are called: what is told is what left, not what would have.
  const would = mode === "observe";
  const when = (at: number) => formatInstant(at, zone);
  const declared = incidents.filter(({ verdict }) => verdict === "declare");
  const calls = incidents.flatMap((each) => each.calls).length;
  const sent = incidents.flatMap((each) => each.sent).length;
  const told = would ? `${calls} appel(s) auraient été passés` : `${sent} message(s) envoyé(s) à leur sujet`;
  const lines = [
    `Bilan de la semaine du ${week.monday.split("-").toReversed().join("/")} · ${facility.name}${MARKS[mode]}`,
    "",
    WARNINGS[mode],
    "",
    `${incidents.length} incident(s), dont ${declared.length} ${would ? "à déclarer" : "à déclarer ou déclaré(s)"} ; ${told} ; ${closed.length} surveillance(s) close(s) par la machine ; ${detections} anomalie(s) reconnue(s).`,
  ];
  const title = (text: string) => lines.push("", text, "-".repeat(text.length));
  title(would ? "Ce qui aurait été déclaré" : "À déclarer, ou déclaré");
  if (declared.length === 0) lines.push("Rien, d'après ce qui est connu.");
  for (const each of declared) lines.push(...incidentLines(each, { would, when }));
  title("Autres incidents");
  const others = incidents.filter(({ verdict }) => verdict !== "declare");
  if (others.length === 0) lines.push("Aucun.");
  for (const each of others) lines.push(...incidentLines(each, { would, when }));
  title("Surveillances closes par la machine : des non-déclarations, à relire");
  if (closed.length === 0) lines.push("Aucune.");
  for (const { reference, at, because } of closed)
    lines.push(`${reference} · close le ${when(at)}. ${because}`);
  title("Règles les plus bruyantes");
  if (rules.length === 0) lines.push("Aucune anomalie reconnue.");
  for (const rule of rules) lines.push(`${String(rule.detections).padStart(7)}  ${rule.title}`);
  title("Règles qui coûtent le plus : fausses alertes closes, et appels de nuit (22 h – 7 h)");
  if (costly.length === 0) lines.push("Aucun dossier clos comme fausse alerte.");
  for (const { title: name, falseAlarms, nightCalls } of costly)
    lines.push(`${String(falseAlarms).padStart(7)}  ${name} · ${nightCalls} appel(s) de nuit`);
  return `${lines.join("\n")}\n`;
}

function incidentLines(
  incident: ReportedIncident,
  { would, when }: { would: boolean; when: (at: number) => string },
): string[] {
  const { reference, state, occurred, found, alerts, verdict, sentence, criteria, others } = incident;
  const constat = found === null ? "aucun constat par une personne" : `constat ${when(found)}`;
  return [
    `${reference} · ${VERDICTS[verdict]} · ${INCIDENT_STATES[state]} · début estimé ${when(occurred)} · ${constat} · ${alerts} alerte(s)`,
    `  ${sentence}`,
    ...criteria.map(
      ({ id, label, degree }) =>
        `  ${id} ${label} : rempli${degree === null ? "" : ` (${DEGREE_LABELS[degree]})`}`,
    ),
    ...others.map(({ title, sentence }) => `  ${title} : ${sentence}`),
    ...(would ? callLines(incident.calls, when) : sentLines(incident.sent, when)),
  ];
}

function callLines(calls: readonly Call[], when: (at: number) => string): string[] {
  if (calls.length === 0) return ["  Personne n'aurait été appelé."];
  return calls.map(({ role, event, at }) => `  ${when(at)} : ${ROLES[role]} (${EVENTS[event] ?? event})`);
}

function sentLines(sent: readonly Sent[], when: (at: number) => string): string[] {
  if (sent.length === 0) return ["  Aucun message n'est parti à son sujet cette semaine."];
  return sent.map(
    ({ at, event, channel, outcome }) =>
      `  ${when(at)} : ${tellingOf(event)} (${channel}${ATTEMPTS[outcome] ?? `, ${outcome}`})`,
  );
}
