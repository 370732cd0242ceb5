import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { backupOrder } from "../../agent/crisis/backup-order.ts";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import type { Store } from "../../agent/store/store.ts";
import { type LoadedConfig, loadConfig } from "../../config/load.ts";
import { NIGHT, samples, steppingClock } from "./store-samples.ts";

/** An installation as `init` makes it, in a folder of its own. */
export interface Installation {
  folder: string;
  config: string;
  database: string;
  loaded(): LoadedConfig;
  /** Opens its store in this process; the caller closes it. */
  open(): Store;
  write(path: string, text: string | Buffer): void;
  remove(): void;
}

const CONFIG = `facility: { id: chv, name: CH du Val, kind: etablissement_de_sante }
mode: exercise
state_directory: ../state
listeners: { people: { address: 127.0.0.1, port: 8470, public_url: "https://tocsin.example.org" } }
sources:
  - id: siem
    connector: generic
    token: { file: secrets/siem.token }
  - { id: journaux, connector: syslog, listen: [{ transport: udp, address: 127.0.0.1, port: 514 }] }
`;

/** Makes an installation with two secrets, an import and what people send, and 20 alerts in its record. */
export async function installation(more = ""): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-house-"));
  const write = (path: string, text: string | Buffer) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { mode: 0o600 });
  };
  const config = join(folder, "config/tocsin.yml");
  const database = join(folder, "state/tocsin.sqlite");
  write("config/tocsin.yml", CONFIG + more);
  write("config/secrets/siem.token", "a token that is long enough\n");
  write("state/session-secret", "a secret of sessions");
  write("state/mask-secret", "a secret of masks");
  write("state/envois/piece", "what somebody sends");
  write("state/recherches/large", "what is made anew");
  const key = makeSigningKey(join(folder, "state/signing-key.pem"));
  const open = () => openSqlite({ file: database, signingKey: key, clock: steppingClock() });
  const store = open();
  const { alert } = samples();
  for (let i = 0; i < 20; i++) await store.commit({ facility: "chv", at: NIGHT, writes: [alert()] });
  await store.close();
  return {
    ...{ folder, config, database, open, write },
    loaded() {
      const { loaded, problems } = loadConfig(config, {
        SOC_SECRET: Buffer.from("a secret of the environment").toString("base64"),
      });
      if (loaded === undefined) throw new Error(JSON.stringify(problems));
      return loaded;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What goes into an archive of it, at `NIGHT`. */
export function orderOf(
  house: Installation,
  given: Partial<Parameters<typeof backupOrder>[1]> & { to: Parameters<typeof backupOrder>[1]["to"] },
) {
  const usual = { kind: "backup", now: NIGHT, version: "1.2.3", recipients: [], withSecrets: false } as const;
  return backupOrder(house.loaded(), { ...usual, ...given });
}
