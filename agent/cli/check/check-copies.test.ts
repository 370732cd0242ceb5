import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../../config/load.ts";
import { systemClock } from "../../core/clock.ts";
import { problemSentence } from "../../core/errors.ts";
import { makeAgeKey } from "../../store/backup/age-keys.ts";
import { checkCopies, type Disks } from "./check-copies.ts";
import { lookLive } from "./look-live.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-copies-"));
  mkdirSync(join(folder, "state"), { mode: 0o700 });
  mkdirSync(join(folder, "copies"));
  writeFileSync(join(folder, "state/tocsin.sqlite"), Buffer.alloc(1_000_000), { mode: 0o600 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const RECIPIENT = makeAgeKey(Buffer.alloc(32, 7)).recipient;
const MB = 1_000_000;
/** Another disk than that of the state, with so much room. */
const elsewhere = (free = 1000 * MB): Disks => ({
  deviceOf: (path) => (path.endsWith("state") ? 1 : 2),
  freeOf: () => free,
  mayWrite: () => undefined,
});
const KINDS = ["backup", "crisis"] as const;

function load(copies: string, kind: (typeof KINDS)[number], keep = 3) {
  const sections = {
    backup: `backup: { folder: ${copies}, keep: ${keep} }`,
    crisis: `crisis: { folder: ${copies}, keep: ${keep}, recipients: [${RECIPIENT}] }`,
  };
  const text = `facility: { id: ch-x, name: CH X, kind: autre }\nmode: exercise\nstate_directory: ./state
listeners: { people: { port: 0 }, intake: { port: 0 }, operations: { port: 0 } }\n${sections[kind]}\n`;
  const { loaded, problems } = parseConfig(text, join(folder, "tocsin.yml"), {});
  if (loaded === undefined) throw new Error(problems.map(problemSentence).join("\n"));
  return loaded;
}

const told = (kind: (typeof KINDS)[number], { copies = "copies", disks = elsewhere(), keep = 3 } = {}) =>
  checkCopies(load(copies, kind, keep), kind, disks).findings.map(({ level, code, where }) =>
    [level, code, where].join(" "),
  );

describe.each(KINDS)("the folder of copies: %s", (kind) => {
  it("is as it should be elsewhere, with room", () => {
    expect(told(kind)).toEqual([]);
  });

  it.each([
    ["does not exist", "away", "copies_folder_missing"],
    ["is a file", "state/tocsin.sqlite", "copies_no_folder"],
    ["leads through a file", "state/tocsin.sqlite/copies", "copies_folder_missing"],
  ])("is told when it %s", (_, copies, code) => {
    expect(told(kind, { copies })).toEqual([`problem ${code} ${kind}.folder`]);
  });

  it("is told when this account may not write there", () => {
    const refuse = () => {
      throw new Error("EROFS: read-only file system");
    };
    const disks = { ...elsewhere(), mayWrite: refuse };
    expect(told(kind, { disks })).toEqual([`problem copies_not_writable ${kind}.folder`]);
  });

  it("is advised against on the disk of the record", () => {
    const disks = { ...elsewhere(), deviceOf: () => 1 };
    expect(told(kind, { disks })).toEqual([`advice copies_beside_record ${kind}.folder`]);
  });

  it.each([
    ["room for all that are to stay and one more", { there: 0, free: 72 * MB }, []],
    ["less than that", { there: 0, free: 71 * MB }, ["advice copies_short_of_room"]],
    ["room for the one that takes the place of the oldest", { there: 3, free: 69 * MB }, []],
    ["less than that one takes", { there: 3, free: 68 * MB }, ["advice copies_short_of_room"]],
  ])("is compared with the database: %s", (_, { there, free }, expected) => {
    const word = kind === "backup" ? "sauvegarde" : "valise";
    for (let day = 1; day <= there; day++)
      writeFileSync(join(folder, `copies/${word}-ch-x-2026010${day}T000000Z.tocsin`), "");
    expect(told(kind, { disks: elsewhere(free) })).toEqual(expected.map((each) => `${each} ${kind}.folder`));
  });

  it("is looked at beside the rest, and not at all when the other kind is kept", async () => {
    const { looked, findings } = await lookLive(load("away", kind), {
      clock: systemClock,
      hints: { synchronised: async () => true },
    });
    expect(looked.map(({ check }) => check).filter((check) => check.endsWith(".folder"))).toEqual([
      `${kind}.folder`,
    ]);
    expect(findings.map(({ code }) => code)).toEqual(["copies_folder_missing"]);
    expect(findings[0]?.message).toContain(join(folder, "away"));
  });
});

describe("the folder of copies", () => {
  it("is compared with no record where there is none yet, and says so", () => {
    rmSync(join(folder, "state"), { recursive: true });
    expect(checkCopies(load("copies", "backup"), "backup")).toEqual({
      findings: [],
      unknown: "there is no state directory yet",
    });
  });
});
