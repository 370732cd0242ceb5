import { CAUSES, Cause } from "../../core/detection.ts";
import type { Setup } from "../work.ts";

const NOUNS: Readonly<Record<string, string>> = {
  host: "machine",
  user: "compte",
  address: "adresse",
  hash: "empreinte de fichier",
  process: "processus",
  source: "source",
};

/** Says in French by what a detection is tied to an incident. */
export function tellTie(key: string, systems: Setup["systems"]): string {
  const colon = key.indexOf(":");
  const kind = colon < 0 ? key : key.slice(0, colon);
  const value = key.slice(colon + 1);
  const system = `« ${systems.get(value)?.name ?? value} »`;
  if (kind in NOUNS) return `${NOUNS[kind]} « ${value} »`;
  if (kind === "campaign") {
    const cause = Cause.safeParse(value).data;
    return `même acte à moins d'une heure (${cause === undefined ? value : CAUSES[cause].label.toLowerCase()})`;
  }
  if (kind === "system" || kind === "touched") return `système ${system}`;
  if (kind === "alone") return tellTie(value, systems);
  if (kind === "pair")
    return value
      .split("|")
      .map((each) => tellTie(each, systems))
      .join(" et ");
  if (kind === "adrift" || kind === "down") return "panne d'un système dont d'autres dépendent";
  return `panne liée au système ${system}`;
}
