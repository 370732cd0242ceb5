import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { readRegime, SHIPPED } from "../../../rules/regimes/load-regime.ts";
import { inPlaceOf, readPackFolder } from "../../../rules/regimes/pack-folder.ts";
import { SIGNATURE_FILE, signPack } from "../../../rules/regimes/sign-pack.ts";
import { problemSentence } from "../../core/errors.ts";
import { publicKeyLine } from "../../core/public-key.ts";
import { loadSigningKey, makeSigningKey } from "../../store/keys.ts";

/** Registers `packs sign`: for who makes packs. */
export function signCommand(packs: Command): void {
  packs
    .command("sign")
    .description("sign a pack with an Ed25519 key, and print the line that trusts this key")
    .argument("<path>", "the folder of the pack, named as its id")
    .requiredOption("--key <file>", "private key (PKCS#8 PEM), readable by its owner alone")
    .option("--new-key", "make the key first, when the file does not exist")
    .action((path: string, options: { key: string; newKey?: boolean }) => {
      process.exitCode = sign(path, options);
    });
}

function sign(path: string, { key: file, newKey }: { key: string; newKey?: boolean }): number {
  const read = readPackFolder(path);
  const wrong =
    read.pack === undefined
      ? read.problems
      : (readRegime(read.pack.id, inPlaceOf(SHIPPED, [read.pack])).problems ?? []);
  if (read.pack === undefined || wrong.length > 0) {
    for (const problem of wrong) process.stderr.write(`${problemSentence(problem)}\n`);
    process.stderr.write("not signed\n");
    return 1;
  }
  const key = newKey === true && !existsSync(file) ? makeSigningKey(file) : loadSigningKey(file);
  const to = join(path, SIGNATURE_FILE);
  writeFileSync(to, signPack(read.pack.files, key.privateKey));
  process.stdout.write(`${to}: signed with the key ${key.fingerprint}\n`);
  process.stdout.write(
    `To trust it: packs: { signers: [{ id: NAME, key: ${publicKeyLine(key.publicKey)} }] }\n`,
  );
  return 0;
}
