import type { Instant } from "../core/clock.ts";

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
