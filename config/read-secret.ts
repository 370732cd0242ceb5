import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { messageOf } from "../agent/core/errors.ts";
import type { SecretSource } from "../connectors/contract.ts";
import { Secret } from "./secrets.ts";

/** Largest file of a secret, bytes: a chain of certificates has its place in it, a device has not. */
const MOST_BYTES = 1024 * 1024;

/** Where systemd puts the credentials of our unit: a command that root runs beside the service finds them there. */
const OF_THE_SERVICE = "/run/credentials/tocsin.service";

/** A secret as it was read, or why it could not be and what to do. */
export type ReadSecret =
  | { secret: Secret; problem?: undefined }
  | { problem: string; remedy: string; secret?: undefined };

/** Reads a secret where the configuration says that it is kept; nothing of its value is in what is told. */
export function readSecret(
  source: SecretSource,
  given: {
    /** Where relative paths start from. */
    base: string;
    environment: Readonly<Record<string, string | undefined>>;
    /** Characters that it has at least. */
    least: number;
  },
): ReadSecret {
  const { base, environment, least } = given;
  if ("env" in source) {
    const value = environment[source.env]?.trim();
    if (value === undefined || value === "")
      return { problem: `the environment has no ${source.env}`, remedy: "set it, or name a file" };
    return longEnough(value, { what: `${source.env} of the environment`, least });
  }
  if ("file" in source) return ofFile(resolve(base, source.file), { least, remedy: CREATE });
  const { credential } = source;
  const remedy = `give the unit LoadCredential=${credential}:FILE (systemctl edit tocsin); it is there only while the service runs`;
  return ofFile(join(environment.CREDENTIALS_DIRECTORY || OF_THE_SERVICE, credential), { least, remedy });
}

const CREATE = "create the file, readable by the service only";

function ofFile(path: string, { least, remedy }: { least: number; remedy: string }): ReadSecret {
  try {
    const { size } = regularFile(path);
    if (size > MOST_BYTES)
      return { problem: `${path} is larger than ${MOST_BYTES} bytes`, remedy: "put the secret alone there" };
    const value = readFileSync(path, "utf8").trim();
    if (value === "") return { problem: `${path} is empty`, remedy: "put the secret there" };
    return longEnough(value, { what: path, least });
  } catch (error) {
    return { problem: messageOf(error), remedy };
  }
}

/** A pipe would be waited for, a device would never end. */
function regularFile(path: string): { size: number } {
  const found = statSync(path);
  if (found.isFile()) return found;
  throw new Error(`${path} is not a regular file`);
}

function longEnough(value: string, { what, least }: { what: string; least: number }): ReadSecret {
  if (value.length >= least) return { secret: new Secret(value) };
  return {
    problem: `${what} holds fewer than ${least} characters`,
    remedy: "put a longer secret there (openssl rand -base64 32)",
  };
}
