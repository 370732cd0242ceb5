import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { publicKeyLine, readPublicKey } from "../../agent/core/public-key.ts";
import { compareRegimes } from "./compare-regimes.ts";
import { loadRegime, readRegime } from "./load-regime.ts";
import { compareVersions, openPacks, type PackSettings } from "./open-packs.ts";
import { signPack, whoSigned } from "./sign-pack.ts";

const root = mkdtempSync(join(tmpdir(), "tocsin-packs-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const MAKER = generateKeyPairSync("ed25519");
const STRANGER = generateKeyPairSync("ed25519");
const SIGNERS = [{ id: "editeur", key: publicKeyLine(MAKER.publicKey) }];
const RGPD = readFileSync(join(import.meta.dirname, "rgpd-33/regime.yml"), "utf8");
const version = (text: string, to: string) => text.replace(/version: "[\d.]+"/, `version: "${to}"`);

let folders = 0;
/** A folder of packs, each signed unless said otherwise. */
function packs(
  list: { id?: string; text?: string; key?: typeof MAKER | null; more?: Record<string, string> }[],
): PackSettings {
  const folder = join(root, String(++folders));
  for (const { id = "rgpd-33", text = version(RGPD, "2"), key = MAKER, more = {} } of list) {
    mkdirSync(join(folder, id), { recursive: true });
    const files = new Map([["regime.yml", text]]);
    writeFileSync(join(folder, id, "regime.yml"), text);
    if (key !== null) writeFileSync(join(folder, id, "pack.sig"), signPack(files, key.privateKey));
    for (const [name, written] of Object.entries(more)) writeFileSync(join(folder, id, name), written);
  }
  return { folder, signers: SIGNERS, unsigned: "refuse" };
}

describe("a pack from outside", () => {
  it("stands in place of the one of the program when it is signed and higher", () => {
    const { source, installed, problems } = openPacks(packs([{}]));
    expect(problems).toEqual([]);
    expect(installed).toMatchObject([
      { regime: { id: "rgpd-33", version: "2" }, signer: "editeur", inForce: true },
    ]);
    expect(readRegime("rgpd-33", source).regime?.version).toBe("2");
    expect(readRegime("sante-2022", source).regime).toEqual(loadRegime("sante-2022"));
  });

  it.each(["1", "0.9", "1.0"])("of version %s leaves the program's own version 1 in force", (lower) => {
    const { source, installed } = openPacks(packs([{ text: version(RGPD, lower) }]));
    expect(installed).toMatchObject([{ inForce: false }]);
    expect(source.read("rgpd-33", "regime.yml")).toBe(RGPD);
  });

  it("may be a law that the program does not know", () => {
    const text = RGPD.replace("id: rgpd-33", "id: loi-2027").replace("duty: rgpd", "duty: loi");
    const { source } = openPacks(packs([{ id: "loi-2027", text }]));
    expect(source.names()).toContain("loi-2027");
    expect(readRegime("loi-2027", source).regime?.duty).toBe("loi");
  });

  it.each([
    ["that nobody signed", { key: null }, "pack_unsigned", "pack.sig"],
    ["that a stranger signed", { key: STRANGER }, "pack_signer_unknown", "pack.sig"],
    [
      "changed after it was signed",
      { more: { "regime.yml": version(RGPD, "3") } },
      "pack_altered",
      "pack.sig",
    ],
    [
      "with a signature that is none",
      { more: { "pack.sig": "vu" } },
      "pack_signature_unreadable",
      "pack.sig",
    ],
    ["beside a file that is not signed", { more: { "note.txt": "x" } }, "pack_unreadable", "note.txt"],
    [
      "that contradicts itself",
      {
        text: version(RGPD, "2").replace(
          "        - not: { fact: risk_unlikely }",
          "        - { fact: risk_unlikely }\n        - not: { fact: risk_unlikely }",
        ),
      },
      "regime_invalid",
      "regime.yml:",
    ],
  ])("%s is refused with its place and what to do, and the program's own stays", (_, pack, code, where) => {
    const { source, installed, problems } = openPacks(packs([pack]));
    expect(problems).toMatchObject([
      { code, where: expect.stringContaining(where), remedy: expect.stringMatching(/.{10}/) },
    ]);
    expect(installed).toEqual([]);
    expect(source.read("rgpd-33", "regime.yml")).toBe(RGPD);
  });

  it("that nobody signed is taken where the configuration says so, and a wrong signature never is", () => {
    const allow = (settings: PackSettings): PackSettings => ({ ...settings, unsigned: "allow" });
    expect(openPacks(allow(packs([{ key: null }]))).installed).toMatchObject([
      { signer: null, inForce: true },
    ]);
    expect(openPacks(allow(packs([{ key: STRANGER }]))).problems).toMatchObject([
      { code: "pack_signer_unknown" },
    ]);
  });

  it("costs nothing where there is no folder", () => {
    const none = openPacks({ folder: join(root, "nowhere"), signers: [], unsigned: "refuse" });
    expect([none.installed, none.problems]).toEqual([[], []]);
  });
});

describe("a signature", () => {
  const files = new Map([["regime.yml", RGPD]]);
  it("covers every file, by its name", () => {
    const signature = signPack(files, MAKER.privateKey);
    const outcomeOf = (changed: [string, string][]) =>
      whoSigned(new Map(changed), signature, SIGNERS).outcome;
    expect(outcomeOf([...files])).toBe("trusted");
    expect(outcomeOf([["regime.yml", RGPD.replaceAll("\n", "\r\n")]])).toBe("trusted");
    expect(outcomeOf([...files, ["form.yml", ""]])).toBe("altered");
    expect(outcomeOf([["form.yml", RGPD]])).toBe("altered");
    expect(outcomeOf([["regime.yml", `${RGPD} `]])).toBe("altered");
  });

  it.each(["", "MCowBQYDK2VwAyEA", "x", Buffer.alloc(44).toString("base64")])("has no key in %j", (text) => {
    expect(readPublicKey(text)).toBeUndefined();
  });
});

it.each([
  ["2", "1", 1],
  ["1.10", "1.9", 1],
  ["1", "1.0", 0],
  ["1.2", "2", -1],
])("version %s beside %s: %i", (one, other, sign) => {
  expect(Math.sign(compareVersions(one, other))).toBe(sign);
});

it("says which criteria, questions and clocks of a pack became others", () => {
  const before = loadRegime("rgpd-33");
  const after = {
    ...before,
    version: "2",
    criteria: before.criteria.flatMap((each) =>
      each.id === "A34" ? [] : [each.id === "A33" ? { ...each, label: "Autre" } : each],
    ),
    clocks: before.clocks.map((each) => ({ ...each, hours: 48 })),
  };
  expect(compareRegimes(before, after)).toEqual({
    criteria: { added: [], removed: ["A34"], changed: [{ id: "A33", keys: ["label"] }] },
    questions: { added: [], removed: [], changed: [] },
    clocks: { added: [], removed: [], changed: [{ id: "cnil-72h", keys: ["hours"] }] },
    others: ["version"],
  });
  expect(compareRegimes(undefined, before).criteria.added).toEqual(["violation", "A33", "A34"]);
});
