import { checkClientTls } from "./check-client-tls.ts";
import type { Tell } from "./check-surroundings.ts";
import type { Poll } from "./poll.ts";
import type { Secret } from "./secrets.ts";

/** What of an index to be asked only shows beside its files and its secrets; these are null when left unread. */
export function checkPoll(
  { tls }: Poll,
  parts: { path: PropertyKey[]; base: string; secrets: ReadonlyMap<string, Secret> | null; tell: Tell },
): void {
  const { path, base, secrets, tell } = parts;
  checkClientTls(tls, { path, base, keys: secrets !== null, server: "the index", tell });
  for (const name of ["api_key", "token"]) {
    const secret = secrets?.get([...path, name].join("."))?.reveal();
    if (secret === undefined || /^[\x21-\x7e]+$/.test(secret)) continue;
    const message = "it holds a space or a character that a header cannot carry";
    tell([...path, name], "secret_not_header", message, "give it on one line, as the index showed it");
  }
}
