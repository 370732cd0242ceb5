import { readFileSync, statSync } from "node:fs";
import { messageOf, TocsinError } from "../core/errors.ts";
import type { Opener } from "../store/backup/age-header.ts";
import { identityKey, makeAgeKey } from "../store/backup/age-keys.ts";
import { isSealed, openSealed, type Sink, sealingSink } from "../store/backup/age-stream.ts";
import { durableFile } from "../store/backup/durable-file.ts";
import { askPassphrase } from "./ask-passphrase.ts";

const LARGEST = 64 * 1024;

/** Makes a key that opens encrypted copies, in a new file under a passphrase; returns its recipient. */
export function makeBackupKey(file: string, passphrase: string | undefined): string {
  const { identity, recipient } = makeAgeKey();
  const text = Buffer.from(
    `# Clé des copies de Tocsin (format age). Destinataire : ${recipient}\n${identity}\n`,
  );
  const output = durableFile(file);
  try {
    const sink = passphrase === undefined ? output : sealingSink({ passphrase }, output);
    sink.write(text);
    sink.end();
    output.keep();
  } catch (error) {
    output.discard();
    throw error;
  }
  return recipient;
}

/** Reads the key of a file, asking for its passphrase where it has one; undefined without a file. */
export async function readBackupKey(given: {
  identity?: string | undefined;
  passphraseFile?: string | undefined;
}): Promise<Opener | undefined> {
  const { identity: file, passphraseFile } = given;
  if (file === undefined) return undefined;
  const text = await readKeyFile(file, passphraseFile);
  const line = text.split(/\r?\n/).find((each) => each.trim() !== "" && !each.startsWith("#"));
  const opener = identityKey(line?.trim() ?? "");
  if (opener !== undefined) return opener;
  const remedy = "give the file that `tocsin backup key` wrote";
  throw new TocsinError({
    code: "key_invalid",
    where: file,
    message: "there is no key of age in it",
    remedy,
  });
}

async function readKeyFile(file: string, passphraseFile: string | undefined): Promise<string> {
  try {
    if (statSync(file).size > LARGEST) throw new Error("too large for a key");
  } catch (error) {
    const problem = {
      code: "key_unreadable",
      where: file,
      message: messageOf(error),
      remedy: "check the path",
    };
    throw new TocsinError(problem, { cause: error });
  }
  if (!isSealed(file)) return readFileSync(file, "utf8");
  const parts: Buffer[] = [];
  const sink: Sink = { write: (bytes) => void parts.push(bytes), end: () => undefined };
  openSealed(file, { passphrase: await askPassphrase({ file: passphraseFile, fresh: false }) }, sink);
  return Buffer.concat(parts).toString("utf8");
}
