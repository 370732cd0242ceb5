import type { Instant } from "../../core/clock.ts";
import { DUTY_STATES } from "../../core/duty-file.ts";
import { INCIDENT_STATES } from "../../core/incident.ts";
import type { Masked } from "../../core/masked.ts";
import { duration, formatInstant, monthName } from "../french.ts";
import type { DutyLine, DutyReport } from "./duty-report.ts";
import { DELAYS, type DelayKind, OUTCOMES, type Outcome } from "./figures.ts";
import type { YearReport } from "./year-report.ts";

/** Tells a year's report in French, for paper: every line ends with the number of its entry in the journal. */
export function tellReport(report: Masked<YearReport>, zone: string): string {
  const when = (instant: Instant | null) => (instant === null ? "–" : formatInstant(instant, zone));
  const long = (delay: number | null) => (delay === null ? "–" : duration(delay));
  const { figures } = report;
  const section = (title: string, lines: readonly string[]) => [
    "",
    title,
    ...(lines.length > 0 ? lines : ["  Rien."]),
  ];
  return [
    `Rapport de l'auditeur ${report.year}, fait le ${when(report.made)}, journal lu jusqu'au n° ${report.head}.`,
    "Chaque ligne porte le numéro de son entrée au journal scellé : « tocsin verify » prouve qu'il est intact.",
    ...section("Chiffres", [
      ...(Object.keys(OUTCOMES) as Outcome[]).map((each) => `  ${OUTCOMES[each]} : ${figures.total[each]}`),
      `  Déclarés hors de Tocsin : ${figures.total.outside}`,
      ...(Object.keys(DELAYS) as DelayKind[]).map((kind) => {
        const { count, median, longest } = figures.delays[kind];
        return `  ${DELAYS[kind]} : médian ${long(median)}, le plus long ${long(longest)}, sur ${count}`;
      }),
    ]),
    ...section(
      "Critère rempli, et non déclaré (décision motivée)",
      report.setAside.map(
        (each) =>
          `  ${each.reference} : ${each.met.join(" ; ")}. Motif : ${each.reason} (${each.by}${each.second === null ? "" : `, confirmé par ${each.second}`}, ${when(each.at)}, ${each.pack}, empreinte ${each.sha256.slice(0, 12)}) [n° ${each.entry}]`,
      ),
    ),
    ...section(
      "Critère rempli, ni déclaré ni écarté",
      report.pending.map(
        (each) =>
          `  ${each.reference} : ${each.met.join(" ; ")}. ${INCIDENT_STATES[each.state]} (${each.pack}) [n° ${each.entry}]`,
      ),
    ),
    ...section(
      "Textes des autres obligations",
      report.duties.flatMap((duty) => [
        `  ${duty.title} : ${dutyCounts(duty)}`,
        ...duty.lines.map((line) => `    ${dutyWords(line, when)} [n° ${line.entry}]`),
      ]),
    ),
    ...section(
      "Autres obligations relevées, sans déclaration au registre",
      report.otherDuties.map(
        (each) => `  ${each.reference} : ${each.duty} (${each.met.join(" ; ")}) [n° ${each.entry}]`,
      ),
    ),
    ...section(
      "Délais, déclaration par déclaration",
      report.delays.map(
        (each) =>
          `  ${each.reference}${each.exercise ? " (EXERCICE)" : ""} : constat ${when(each.found)}, validation ${when(each.approved)} (${long(each.foundToApproved)}), dépôt ${when(each.filed)} (${long(each.approvedToFiled)})${each.reference_given === null ? "" : `, n° ${each.reference_given}`} [n° ${[each.decisionEntry, each.filingEntry].filter((n) => n !== null).join(", ")}]`,
      ),
    ),
    ...section(
      "Rétablis sans avis de résolution",
      report.noResolution.map(
        (each) => `  ${each.reference} : déposé ${when(each.filed)} [n° ${each.entry}]`,
      ),
    ),
    ...section(
      "Clos par la machine, et relecture",
      report.closings.flatMap((month) => [
        `  ${monthName(month.month)} : ${month.machine} clôture(s), ${month.reopened} rouverte(s) ; ${
          month.signed.length === 0
            ? "PAS ENCORE SIGNÉ"
            : month.signed
                .map(
                  (each) => `signé par ${each.name} ${when(each.at)} pour ${each.count} [n° ${each.entry}]`,
                )
                .join(", ")
        }`,
        ...month.lines.map(
          (each) =>
            `    ${each.reference} ${when(each.at)} : ${each.because} (${each.pack}) [n° ${each.entry}]`,
        ),
      ]),
    ),
    ...section(
      "Sourdines et travaux qui ont couvert quelque chose",
      report.mutes.map(
        (each) =>
          `  ${each.kind}, ${when(each.from)} – ${when(each.until)}, par ${each.author} : ${each.reason}. Incidents : ${each.incidents.map(({ reference }) => reference).join(", ")} [n° ${each.entry}]`,
      ),
    ),
    ...section(
      "Comptes sans revue depuis plus d'un an",
      report.unreviewed.map(
        (each) => `  ${each.name} (${each.login}), ${each.role} : due depuis ${when(each.since)}`,
      ),
    ),
    ...section(
      "Délégations qui finissent sous trente jours",
      report.lapsing.map((each) => `  ${each.name} : ${each.document}, jusqu'au ${when(each.until)}`),
    ),
    ...section(
      "Changements : règles, textes, applications, délais, comptes, tour de garde",
      report.changes.map(
        (each) =>
          `  ${when(each.at)} ${each.what}${each.how === "" ? "" : ` : ${each.how}`} [n° ${each.entry}]`,
      ),
    ),
    "",
  ].join("\n");
}

/** How many texts of one duty became what. */
export function dutyCounts(duty: Omit<DutyReport, "lines">): string {
  return [
    `ouverts ${duty.opened}`,
    `notifiés ${duty.filed}`,
    `dont en retard ${duty.late} (motifs au dossier : ${duty.lateWithReason})`,
    `non notifiés, motivés ${duty.left}`,
    `pas encore notifiés ${duty.unfiled}, dont délai dépassé ${duty.overdue}`,
  ].join(" ; ");
}

function dutyWords(line: DutyLine, when: (instant: Instant | null) => string): string {
  const mark = line.exercise ? " (EXERCICE)" : "";
  const { notified, missed, late, left } = line;
  const parts = [`${DUTY_STATES[line.state]}, version ${line.version}`];
  if (notified !== null) {
    const number = notified.reference === "" ? "" : `, n° ${notified.reference}`;
    parts.push(`notifié ${when(notified.at)} par ${notified.by} : ${notified.where}${number}`);
  }
  if (missed !== null)
    parts.push(`EN RETARD, il fallait avant le ${when(missed)}. Motifs : ${late ?? "aucun au dossier"}`);
  if (left !== null) parts.push(`raisons : ${left.reason} (${left.by}, ${when(left.at)})`);
  return `${line.reference}${mark} : ${parts.join(" ; ")}`;
}
