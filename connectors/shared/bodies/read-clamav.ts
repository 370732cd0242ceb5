import { clip, type Draft } from "../draft.ts";
import { tell, tellPeer } from "./tell.ts";

const FOUND = " FOUND";
/** What clamd adds to the name when ExtendedDetectionInfo is set: MD5 and size of the file. */
const EXTENDED = /^(.{1,512})\(([\da-f]{32}):(\d{1,15})\)$/;
/** What is scanned when it is no file: a stream with its client, a descriptor. */
const STREAM = /^(?:instream|stream)\((?:local|([^@\s]{2,64})@(\d{1,5}))\)$/;
const DATED = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4} -> /;
const ON_ACCESS = "ScanOnAccess: ";

/**
 * Reads what ClamAV found: `PATH: SIGNATURE FOUND`, as clamd, clamscan and clamonacc write it (clamd(8)).
 *
 * The path comes first and the attacker chose it: the signature is what follows the last colon.
 */
export function readClamav(draft: Draft, message: string): void {
  const line = message.trimEnd();
  if (!line.endsWith(FOUND)) return;
  const colon = line.lastIndexOf(": ");
  const said = line.slice(colon + 2, -FOUND.length);
  if (colon < 1 || said.trim() === "") return;
  const { alert } = draft;
  tell(draft, { action: "malware_found", category: ["malware", "file"], type: ["info"] });
  draft.event.kind = "alert";
  const [, name = said, md5, size] = EXTENDED.exec(said) ?? [];
  alert.rule = { ...alert.rule, name: clip(draft, name) };
  if (md5 !== undefined) alert.file = { ...alert.file, hash: { md5 }, size: Number(size) };
  const dated = line.slice(DATED.exec(line.slice(0, 32))?.[0].length ?? 0, colon);
  const scanned = dated.startsWith(ON_ACCESS) ? dated.slice(ON_ACCESS.length) : dated;
  const stream = STREAM.exec(scanned.slice(0, 128));
  if (stream !== null) {
    if (stream[1] !== undefined) tellPeer(draft, "source", stream[1], stream[2]);
  } else if (/^(?:\/|[A-Za-z]:\\|\\\\)/.test(scanned))
    alert.file = { ...alert.file, path: clip(draft, scanned) };
}
