import type { Language, Product, Sample } from "./products.ts";

/** A family of fields: what a record must have to have it. */
interface Facet {
  name: Record<Language, string>;
  /** One of these fields, or a field of one of these groups (`user.`). */
  fields: readonly string[];
}

/** The families of fields of the coverage table, in its order. */
export const FACETS: readonly Facet[] = [
  { name: { fr: "heure", en: "time" }, fields: ["@timestamp"] },
  { name: { fr: "action", en: "action" }, fields: ["event.action"] },
  { name: { fr: "issue", en: "outcome" }, fields: ["event.outcome"] },
  { name: { fr: "catégorie", en: "category" }, fields: ["event.category"] },
  { name: { fr: "gravité", en: "severity" }, fields: ["event.severity", "event.risk_score_norm"] },
  { name: { fr: "IP source", en: "source IP" }, fields: ["source.ip", "client.ip"] },
  { name: { fr: "IP destination", en: "destination IP" }, fields: ["destination.ip", "server.ip"] },
  { name: { fr: "utilisateur", en: "user" }, fields: ["user."] },
  { name: { fr: "machine", en: "host" }, fields: ["host."] },
  { name: { fr: "processus", en: "process" }, fields: ["process."] },
  { name: { fr: "fichier", en: "file" }, fields: ["file."] },
  { name: { fr: "empreinte", en: "hash" }, fields: ["file.hash.", "process.hash.", "dll.hash."] },
  { name: { fr: "URL", en: "URL" }, fields: ["url."] },
  { name: { fr: "règle", en: "rule" }, fields: ["rule."] },
  { name: { fr: "menace", en: "threat" }, fields: ["threat.", "vulnerability."] },
  { name: { fr: "équipement", en: "observer" }, fields: ["observer."] },
  { name: { fr: "identifiant", en: "own id" }, fields: ["event.id"] },
  { name: { fr: "lien", en: "link back" }, fields: ["event.url", "event.reference"] },
  { name: { fr: "état", en: "state" }, fields: ["service.state"] },
];

/** What a supervision says in `event.action`, where it has no `service.state`. */
const STATES = new Set(["firing", "resolved"]);

/** Whether something is down or back, as a record says it: a field and its value; undefined when it does not. */
export function stateOf({ fields }: Sample): string | undefined {
  const [state, action] = ["service.state", "event.action"].map((name) => fields.get(name));
  if (state !== undefined) return `service.state: ${state}`;
  return STATES.has(String(action)) ? `event.action: ${action}` : undefined;
}

/** Whether a record has a family of fields. */
export function has(sample: Sample, facet: Facet): boolean {
  const { fields } = sample;
  if (facet.fields.includes("service.state")) return stateOf(sample) !== undefined;
  return facet.fields.some((wanted) =>
    wanted.endsWith(".") ? [...fields.keys()].some((name) => name.startsWith(wanted)) : fields.has(wanted),
  );
}

/** The share of the records of a product that have a family of fields, in percent. */
export function shareOf({ samples }: Product, facet: Facet): number {
  return samples.length === 0
    ? 0
    : Math.round((samples.filter((sample) => has(sample, facet)).length / samples.length) * 100);
}

/** The documents by which a format is not proven: copies, forums, pastes. */
const SECOND_HAND = new Set(["pastebin.com", "vdocuments.us", "scribd.com", "www.scribd.com"]);

/** Whether the format was read in a source that can be cited. */
export function isVerified({ references }: Product): boolean {
  return references.some(({ url }) => !SECOND_HAND.has(new URL(url).hostname));
}
