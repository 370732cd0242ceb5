import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, vi } from "vitest";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import type { Store } from "../../agent/store/store.ts";
import { NIGHT } from "./incident.ts";

/** Where a command runs, new for each test: its folder, and what it printed. */
export interface CommandScene {
  folder: string;
  /** Where the configuration is read. */
  config: string;
  out: Buffer[];
  errors: string;
}

/** Makes a folder before each test of the file, listens to what is printed, and takes both away after it. */
export function commandScene(name: string): CommandScene {
  const scene: CommandScene = { folder: "", config: "", out: [], errors: "" };
  beforeEach(() => {
    scene.folder = mkdtempSync(join(tmpdir(), `tocsin-${name}-`));
    scene.config = join(scene.folder, "tocsin.yml");
    scene.out = [];
    scene.errors = "";
    vi.spyOn(process.stdout, "write").mockImplementation((text) => scene.out.push(Buffer.from(text)) > 0);
    vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      scene.errors += String(text);
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
    rmSync(scene.folder, { recursive: true, force: true });
  });
  return scene;
}

/** Writes the configuration of the facility `chv` and opens its store, as a daemon beside the command has it. */
export function openHouse({ folder, config }: CommandScene): Store {
  writeFileSync(
    config,
    "facility: { id: chv, name: CH du Val, kind: etablissement_de_sante, time_zone: Europe/Paris }\nmode: exercise\nstate_directory: state\n",
  );
  mkdirSync(join(folder, "state"));
  const signingKey = makeSigningKey(join(folder, "state", "signing-key.pem"));
  return openSqlite({
    file: join(folder, "state", "tocsin.sqlite"),
    signingKey,
    clock: { now: () => NIGHT },
  });
}
