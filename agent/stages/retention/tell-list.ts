import type { Elimination } from "../../core/elimination.ts";
import { formatInstant } from "../french.ts";
import { csvField } from "../register/export-register.ts";

/** The states of a list for elimination, as people read them. */
export const LIST_STATES: Readonly<Record<Elimination["state"], string>> = {
  proposed: "Proposé à l’élimination, sans visa",
  authorised: "Visa enregistré",
  withdrawn: "Retiré",
};

/** A list for elimination as CSV with French headers, one dossier a row. */
export function* listCsv(list: Elimination, zone: string): Generator<string> {
  const row = (fields: readonly string[]) => `${fields.map(csvField).join(",")}\r\n`;
  yield `\uFEFF${row(["Référence", "Début estimé", "Clos", "Règle", "Bordereau", "Empreinte de la liste"])}`;
  for (const { reference, occurred, closed, set_aside } of list.dossiers) {
    const since = set_aside ? "non déclaré, sans suite depuis " : "";
    const dates = [formatInstant(occurred, zone), `${since}${formatInstant(closed, zone)}`];
    yield row([reference, ...dates, list.policy, list.id, list.sha256]);
  }
}
