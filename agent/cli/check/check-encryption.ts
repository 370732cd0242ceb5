import { existsSync } from "node:fs";
import type { LoadedConfig } from "../../../config/load.ts";
import { messageOf, TocsinError } from "../../core/errors.ts";
import { keyRingOf } from "../../key-ring.ts";
import { stateFiles } from "../../setup.ts";
import { SEALED_MOST } from "../../store/cipher/cipher.ts";
import { dataKeysOf } from "../../store/cipher/data-keys.ts";
import { openReading } from "../../store/sqlite/connection.ts";
import { openSqliteReads } from "../../store/sqlite/reads.ts";
import type { Finding } from "./finding.ts";

/** Looks whether the keys that are given open the record, and whether anything of it is left in clear. */
export function checkEncryption(loaded: LoadedConfig): Finding[] {
  const { database } = stateFiles(loaded.stateDirectory);
  try {
    const ring = keyRingOf(loaded);
    if (!existsSync(database)) return [];
    openSqliteReads(database, ring).close();
    const connection = openReading(database);
    try {
      const last = dataKeysOf(connection).at(-1);
      if (ring === undefined) return [];
      if (last === undefined || !last.whole)
        return [
          advice(
            "record_in_clear",
            "encryption is set and all or part of the record is in clear",
            "stop the daemon, run: tocsin keys reencrypt",
          ),
        ];
      if (last.wrappedBy !== ring.current)
        return [
          advice("key_former", `the record is under "${last.wrappedBy}" still`, "run: tocsin keys rotate"),
        ];
      if (last.sealed > SEALED_MOST)
        return [
          advice(
            "data_key_worn",
            `its data key has sealed ${last.sealed} values`,
            "stop the daemon, run: tocsin keys reencrypt",
          ),
        ];
      return [];
    } finally {
      connection.close();
    }
  } catch (error) {
    const known = error instanceof TocsinError;
    // The schema of another version is told by what looks at the database itself.
    if (known && !/^(store_key|store_sealed|key_)/.test(error.code)) return [];
    const code = known ? error.code : "check_failed";
    return [{ level: "problem", code, where: "encryption", message: messageOf(error) }];
  }
}

function advice(code: string, message: string, remedy: string): Finding {
  return { level: "advice", code, where: "encryption", message, remedy };
}
