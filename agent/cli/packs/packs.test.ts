import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../../config/load.ts";
import { readPackFolder } from "../../../rules/regimes/pack-folder.ts";
import { signPack } from "../../../rules/regimes/sign-pack.ts";
import { uuidv7 } from "../../core/id.ts";
import { publicKeyLine } from "../../core/public-key.ts";
import { passingMasks, setupOf } from "../../setup.ts";
import { makeSigningKey } from "../../store/keys.ts";
import { checkPack } from "./check.ts";
import { installPack } from "./install.ts";
import { listPacks } from "./list.ts";

const root = mkdtempSync(join(tmpdir(), "tocsin-packs-cli-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const KEY = makeSigningKey(join(root, "key.pem"));
const NOW = Date.UTC(2026, 10, 22) * 1000;
const SHIPPED = join(import.meta.dirname, "../../../rules/regimes");
const ALLOWED = "packs: { unsigned: allow }";
const TRUSTED = `packs: { signers: [{ id: editeur, key: ${publicKeyLine(KEY.publicKey)} }] }`;

let turn = 0;
let house: string;
beforeEach(() => {
  house = join(root, `house-${++turn}`);
  mkdirSync(house);
});

function configured(packs = TRUSTED, mode = "exercise"): string {
  const file = join(house, "tocsin.yml");
  writeFileSync(
    file,
    `facility: { id: ch, name: CH, kind: etablissement_de_sante }\nmode: ${mode}\nregimes: [sante-2022, rgpd-33]\n${packs}\n`,
  );
  return file;
}

/** A copy of a pack of the program, changed and signed anew. */
function pack(change: (text: string) => string, { signed = true, id = "rgpd-33" } = {}): string {
  const folder = join(house, "new", id);
  cpSync(join(SHIPPED, id), folder, { recursive: true });
  const file = join(folder, "regime.yml");
  writeFileSync(file, change(readFileSync(file, "utf8")));
  const read = readPackFolder(folder);
  if (signed && read.pack !== undefined)
    writeFileSync(join(folder, "pack.sig"), signPack(read.pack.files, KEY.privateKey));
  return folder;
}

const newer = (text: string) => text.replace(/^version: .*$/m, 'version: "9"');
const versionIn = (config: string) => {
  const { loaded } = loadConfig(config, null);
  if (loaded === undefined) throw new Error("not loaded");
  const clock = { now: () => NOW };
  const { regimes } = setupOf(loaded, uuidv7(clock), passingMasks(loaded));
  return regimes.find(({ id }) => id === "rgpd-33")?.version;
};

describe("a pack to install", () => {
  it("is copied beside the configuration with its difference told, and comes into force without an upgrade", () => {
    const config = configured();
    const from = pack((text) => newer(text).replace("(72 h)", "(72 heures)"));
    const before = versionIn(config);
    expect(installPack(from, config, true)).toMatchObject({ outcome: "would_install" });
    expect(versionIn(config)).toBe(before);
    expect(installPack(from, config, false)).toMatchObject({
      outcome: "installed",
      before,
      version: "9",
      signer: "editeur",
      enabled: true,
      change: {
        criteria: { added: [], removed: [], changed: [] },
        clocks: { changed: [{ keys: ["label"] }] },
      },
    });
    expect(versionIn(config)).toBe("9");
    const mine = listPacks(config, NOW).rows.filter(({ id }) => id === "rgpd-33");
    expect(mine).toMatchObject([
      { version: "9", source: "installed", signer: "editeur", in_force: true },
      { version: before, source: "shipped", in_force: false },
    ]);
  });

  it.each<[string, () => string, string]>([
    ["unsigned", () => pack(newer, { signed: false }), "pack_unsigned"],
    ["no newer than the one in force", () => pack((text) => text), "pack_not_newer"],
    [
      "in force on the same days as another of its duty",
      () => pack((text) => newer(text).replace("duty: rgpd", "duty: sante")),
      "regimes_clash",
    ],
    [
      "with a fact that is none",
      () => pack((text) => newer(text).replace("fact: risk_unlikely }", "fact: risk }")),
      "regime_invalid",
    ],
    ["that is no pack", () => house, "pack_unreadable"],
  ])("is refused when it is %s, and nothing is copied", (_, made, code) => {
    const config = configured();
    const before = versionIn(config);
    expect(installPack(made(), config, false)).toMatchObject({
      outcome: "refused",
      problems: expect.arrayContaining([
        expect.objectContaining({ code, where: expect.any(String), remedy: expect.any(String) }),
      ]),
    });
    expect(versionIn(config)).toBe(before);
  });

  it("may be unsigned where the configuration says so, never in live mode", () => {
    const from = pack(newer, { signed: false });
    expect(installPack(from, configured(ALLOWED, "observe"), false)).toMatchObject({ signer: null });
    expect(loadConfig(configured(ALLOWED, "live"), null).problems).toMatchObject([
      { code: "unsigned_in_live", where: expect.stringMatching(/tocsin\.yml:4:/) },
    ]);
  });

  it("whose files were changed after installation no longer counts, and the program's own stands in", () => {
    const config = configured();
    const before = versionIn(config);
    installPack(pack(newer), config, false);
    const file = join(house, "law-packs/rgpd-33/regime.yml");
    writeFileSync(file, readFileSync(file, "utf8").replace("risk_unlikely", "high_risk_to_people"));
    expect(versionIn(config)).toBe(before);
    expect(listPacks(config, NOW).problems).toMatchObject([{ code: "pack_altered" }]);
  });
});

describe("a pack to check", () => {
  it("is told good, and who signed it", () => {
    expect(checkPack(pack(newer), configured(), NOW)).toMatchObject({
      problems: [],
      advice: [],
      signed: { outcome: "trusted", signer: "editeur" },
    });
  });

  it.each([
    ["verified over a year ago", "2025-11-01", [], ["regime_old"]],
    ["verified on a day to come", "2027-01-01", ["regime_invalid"], []],
  ])("%s is doubted or refused", (_, day, problems, advice) => {
    const from = pack((text) => newer(text).replace(/^verified: .*$/m, `verified: ${day}`));
    const found = checkPack(from, configured(), NOW);
    expect([found.problems.map(({ code }) => code), found.advice.map(({ code }) => code)]).toEqual([
      problems,
      advice,
    ]);
  });
});

describe("the list of packs", () => {
  it("warns of texts verified over a year ago, and says what may not be used and why", () => {
    const { rows } = listPacks(configured(), NOW + 366 * 86_400_000_000);
    expect(rows.every(({ verified_long_ago }) => verified_long_ago)).toBe(true);
    expect(rows.find(({ id }) => id === "nis2")?.disabled_because).toContain("not French law");
    expect(listPacks(configured(), NOW).rows.some(({ verified_long_ago }) => verified_long_ago)).toBe(false);
  });
});

it("a key that is none is refused with its line", () => {
  const { problems } = loadConfig(configured("packs: { signers: [{ id: x, key: abc }] }"), null);
  expect(problems).toMatchObject([
    { where: expect.stringMatching(/tocsin\.yml:4:/), message: expect.stringContaining("Ed25519") },
  ]);
});
