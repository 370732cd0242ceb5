import { SecretSource } from "../connectors/contract.ts";

/** A secret that settings name, with its place among them. */
interface NamedSecret {
  path: string[];
  source: SecretSource;
}

/** Finds the secrets that a connector's settings name: each is a setting, or a member of one. */
export function secretsIn(settings: Readonly<Record<string, unknown>>): NamedSecret[] {
  const found: NamedSecret[] = [];
  for (const [name, value] of Object.entries(settings)) {
    const own = SecretSource.safeParse(value);
    if (own.success) found.push({ path: [name], source: own.data });
    else if (typeof value === "object" && value !== null && !Array.isArray(value))
      for (const [member, part] of Object.entries(value)) {
        const inner = SecretSource.safeParse(part);
        if (inner.success) found.push({ path: [name, member], source: inner.data });
      }
  }
  return found;
}
