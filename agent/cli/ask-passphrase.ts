import { readFileSync } from "node:fs";
import { isCancel, password } from "@clack/prompts";
import { messageOf, TocsinError } from "../core/errors.ts";

/** Shortest passphrase that a key is protected with. */
const LEAST = 12;

/** Reads a passphrase from a file, or asks for it on a terminal; a new one is asked for twice. */
export async function askPassphrase(given: { file?: string | undefined; fresh: boolean }): Promise<string> {
  const { file, fresh } = given;
  const passphrase = file === undefined ? await asked(fresh) : readLine(file);
  if (!fresh || passphrase.length >= LEAST) return passphrase;
  throw new TocsinError({
    code: "passphrase_short",
    message: `a passphrase of fewer than ${LEAST} characters protects nothing`,
    remedy: "give four or five words",
  });
}

async function asked(fresh: boolean): Promise<string> {
  if (!process.stdin.isTTY) {
    const remedy = "give --passphrase-file FILE";
    throw new TocsinError({
      code: "passphrase_missing",
      message: "there is nobody to ask for the passphrase",
      remedy,
    });
  }
  const ask = async (message: string) => {
    const answer = await password({ message });
    if (isCancel(answer))
      throw new TocsinError({ code: "cancelled", message: "cancelled; nothing was written" });
    return answer;
  };
  const first = await ask("Phrase secrète de la clé");
  if (fresh && first !== (await ask("La même encore une fois")))
    throw new TocsinError({ code: "passphrase_differs", message: "the two differ", remedy: "start again" });
  return first;
}

function readLine(file: string): string {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/)[0] ?? "";
  } catch (error) {
    const problem = { code: "passphrase_missing", where: file, message: messageOf(error) };
    throw new TocsinError(problem, { cause: error });
  }
}
