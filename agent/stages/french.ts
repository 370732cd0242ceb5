import type { Message } from "../../connectors/contract.ts";
import { type Instant, MICROSECONDS } from "../core/clock.ts";

export const FACILITY_KINDS: Readonly<Record<string, string>> = {
  etablissement_de_sante: "Établissement de santé",
  medico_social: "Ehpad ou établissement médico-social",
  radiotherapie: "Centre de radiothérapie",
  laboratoire: "Laboratoire de biologie médicale",
  autre: "Autre",
};

const FORMATS = new Map<string, Intl.DateTimeFormat>();

/** An instant as French people read it, in their facility's zone: `15/11/2026 02:14`. */
export function formatInstant(instant: Instant, zone: string): string {
  let format = FORMATS.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("fr-FR", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
    FORMATS.set(zone, format);
  }
  return format.format(instant / 1000);
}

/** `44 min`, `3 h 05`, `2 j 4 h`; never negative. */
export function duration(microseconds: number): string {
  const minutes = Math.max(0, Math.floor(microseconds / MICROSECONDS.minute));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, "0")}`;
  return hours % 24 === 0 ? `${hours / 24} j` : `${Math.floor(hours / 24)} j ${hours % 24} h`;
}

/** The month of an instant in a zone, `2026-11`. */
export function monthOf(instant: Instant, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit" });
  const { year, month } = Object.fromEntries(
    parts.formatToParts(instant / 1000).map(({ type, value }) => [type, value]),
  );
  return `${year}-${month}`;
}

/** The month before (-1) or after (1) one. */
export function shiftMonth(month: string, by: 1 | -1): string {
  const date = new Date(`${month}-01T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + by);
  return date.toISOString().slice(0, 7);
}

const MONTH = new Intl.DateTimeFormat("fr-FR", { timeZone: "UTC", month: "long", year: "numeric" });

/** `novembre 2026`. */
export function monthName(month: string): string {
  return MONTH.format(Date.parse(`${month}-01T00:00:00Z`));
}

/** `12,3 Mo`. */
export function formatBytes(bytes: number): string {
  const units = ["o", "ko", "Mo", "Go", "To"];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log(bytes) / Math.log(1000)));
  const value = bytes / 1000 ** power;
  return `${value.toLocaleString("fr-FR", { maximumFractionDigits: value < 100 ? 1 : 0 })} ${units[power]}`;
}

const TELLINGS: Readonly<Record<Message["event"], string>> = {
  incident_opened: "Ouverture, à l'astreinte informatique",
  decision_needed: "Décision attendue, à la personne déléguée",
  not_filed: "Rappel : validé, pas encore déposé",
  question_asked: "Question posée par lien",
  handed_over: "La main est passée",
  handed_back: "La main est rendue",
  sent_back: "Texte renvoyé à corriger",
  text_corrected: "Texte corrigé, à relire",
  second_needed: "Seconde personne attendue, pour ne pas déclarer",
  oral_contested: "Décision orale contestée",
  follow_up_due: "Rappel de suivi",
  group_link: "Lien déclaré par un autre établissement du groupe",
  duty_due: "Autre obligation : décision attendue",
  sign_off_due: "Clôtures automatiques à relire",
  review_due: "Applications à relire",
  handover: "Relève du matin",
  access_used: "Accès de secours utilisé",
  intake_failing: "Une voie d'entrée ne répond plus",
  test: "Essai",
};

/** What a message told, where a list says of each when it left and whether it arrived. */
export function tellingOf(event: string): string {
  return Object.hasOwn(TELLINGS, event) ? TELLINGS[event as Message["event"]] : event;
}
