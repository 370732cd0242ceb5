import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Installation, installation } from "../../test/support/installation.ts";
import { NIGHT } from "../../test/support/store-samples.ts";
import { MICROSECONDS } from "../core/clock.ts";
import { makeAgeKey } from "../store/backup/age-keys.ts";
import { raiseFence } from "../store/backup/fence.ts";
import { loadSigningKey, makeSigningKey } from "../store/keys.ts";
import type { Log } from "../telemetry/log.ts";
import { openCopyStatus } from "./copy-status.ts";
import { keepCopies, refuseFenced } from "./keep-copies.ts";

const { recipient } = makeAgeKey();
const MORE = `backup: { folder: ../copies, every_hours: 2, keep: 2 }
crisis: { folder: ../usb, every_minutes: 5, keep: 2, recipients: [${recipient}] }
`;
const FENCE = {
  facility: "chv",
  epoch: 2,
  from: { seq: 20, hash: "0".repeat(64) },
  at: NIGHT,
  by: "Anne",
  host: "pc",
};

let house: Installation;
let now: number;
let said: string[];
let dead: string[];
let copies: ReturnType<typeof keepCopies>;
let status: ReturnType<typeof openCopyStatus>;
const log = Object.fromEntries(
  (["error", "warn", "info", "debug"] as const).map((level) => [
    level,
    (message: string, fields?: object) => said.push(`${level} ${message} ${JSON.stringify(fields)}`),
  ]),
) as unknown as Log;
const key = () => loadSigningKey(join(house.folder, "state/signing-key.pem"));
const there = (folder: string) => readdirSync(join(house.folder, folder)).sort();
const later = (minutes: number) => {
  now += minutes * MICROSECONDS.minute;
  return copies.look();
};

beforeEach(async () => {
  house = await installation(MORE);
  for (const folder of ["copies", "usb"]) mkdirSync(join(house.folder, folder));
  [now, said, dead] = [NIGHT, [], []];
  const loaded = house.loaded();
  const clock = { now: () => now };
  status = openCopyStatus(() => loaded, clock);
  copies = keepCopies({
    ...{ loaded: () => loaded, status, version: "1.2.3", clock, log },
    more: async () => [{ path: "kit/kit.pdf", text: "a kit", secret: false }],
    died: (why) => dead.push(why),
  });
  await copies.look();
});
afterEach(async () => {
  await copies.stop();
  house.remove();
});

describe("regular copies", () => {
  it("are made at the start and when they are due, and the last ones stay", async () => {
    expect(there("copies")).toEqual(["sauvegarde-chv-20260607T001000Z.tocsin"]);
    expect(there("usb")).toEqual(["valise-chv-20260607T001000Z.tocsin.age"]);
    await later(4);
    expect(there("usb")).toHaveLength(1);
    await later(1);
    await later(5);
    expect(there("usb")).toEqual([
      "valise-chv-20260607T001500Z.tocsin.age",
      "valise-chv-20260607T002000Z.tocsin.age",
    ]);
    expect(there("copies")).toHaveLength(1);
    await later(110);
    expect(there("copies")).toHaveLength(2);
    expect(said.filter((line) => line.startsWith("error"))).toEqual([]);
  });

  it("hold nothing that can be read in the second place", () => {
    const [name = ""] = there("usb");
    const bytes = readFileSync(join(house.folder, "usb", name));
    for (const word of ["chv", "CH du Val", "a token that is long enough", "a secret of masks", "SQLite"])
      expect(bytes.includes(word)).toBe(false);
  });

  it("that fail are told once, are late after two turns, and come back by themselves", async () => {
    renameSync(join(house.folder, "usb"), join(house.folder, "unplugged"));
    await later(5);
    await later(6);
    await later(6);
    expect(said.filter((line) => line.startsWith("error"))).toEqual([
      expect.stringMatching(/copy not made; tried again every minute .*crisis.*mount it, or make the folder/),
    ]);
    expect(status.views()).toMatchObject([
      { kind: "backup", problem: null, late: false },
      { kind: "crisis", problem: expect.stringContaining("usb"), late: true, last: null },
    ]);
    renameSync(join(house.folder, "unplugged"), join(house.folder, "usb"));
    await later(1);
    expect(status.views()[1]).toMatchObject({ problem: null, late: false, last: now });
  });

  it("leave what is not theirs, and take away what a killed one left", async () => {
    for (const name of ["photo.jpg", "valise-autre-20200101T000000Z.tocsin.age"])
      writeFileSync(join(house.folder, "usb", name), "");
    writeFileSync(join(house.folder, "usb/valise-chv-20260607T000500Z.tocsin.age.999999999.partial"), "half");
    await later(5);
    await later(5);
    expect(there("usb")).toEqual([
      "photo.jpg",
      "valise-autre-20200101T000000Z.tocsin.age",
      "valise-chv-20260607T001500Z.tocsin.age",
      "valise-chv-20260607T002000Z.tocsin.age",
    ]);
  });

  it("are not held up by a date to come", async () => {
    writeFileSync(join(house.folder, "usb/valise-chv-20990101T000000Z.tocsin.age"), "");
    await later(5);
    expect(there("usb")).toContain("valise-chv-20260607T001500Z.tocsin.age");
  });
});

describe("a fence in the second place", () => {
  it("stops the daemon at its next copy, and keeps it from starting, even once the key is unplugged", async () => {
    refuseFenced(house.loaded());
    raiseFence(join(house.folder, "usb"), FENCE, key());
    await later(5);
    expect(dead).toEqual([expect.stringMatching(/taken over on pc by Anne at .*from entry 20 .*epoch 2/)]);
    expect(there("usb")).toHaveLength(2);
    rmSync(join(house.folder, "usb"), { recursive: true });
    expect(() => refuseFenced(house.loaded())).toThrow(/two that go on would make two records/);
  });

  it.each<[string, () => void]>([
    [
      "signed by another key",
      () =>
        void raiseFence(join(house.folder, "usb"), FENCE, makeSigningKey(join(house.folder, "other.pem"))),
    ],
    [
      "of another facility",
      () => void raiseFence(join(house.folder, "usb"), { ...FENCE, facility: "autre" }, key()),
    ],
    [
      "that was changed",
      () => {
        raiseFence(join(house.folder, "usb"), FENCE, key());
        const file = join(house.folder, "usb/cloture-chv.json");
        writeFileSync(file, readFileSync(file, "utf8").replace('"epoch": 2', '"epoch": 3'));
      },
    ],
    ["that is no fence", () => writeFileSync(join(house.folder, "usb/cloture-chv.json"), "{}")],
    [
      "of the epoch that goes on here",
      () => {
        raiseFence(join(house.folder, "usb"), FENCE, key());
        house.write("state/reprise.json", '{"epoch":2}');
      },
    ],
  ])("%s stops nobody", async (_what, raise) => {
    raise();
    await later(5);
    expect(dead).toEqual([]);
    refuseFenced(house.loaded());
  });
});
