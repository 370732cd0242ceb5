import { expect, it } from "vitest";
import { idsOf, unitOf } from "../../test/support/bus-scene.ts";
import { FACILITY } from "../../test/support/daemon.ts";
import { sha256Hex as digestOf } from "../core/sha256.ts";
import { sealUnit } from "../store/seal.ts";
import type { Write } from "../store/store.ts";
import { decodeUnits } from "./decode-units.ts";
import { checkUnit, encodeUnits, HEAD_BYTES, UNIT_BYTES } from "./encode-units.ts";

const MOST = 1024 * 1024;
const NIGHT = Date.UTC(2026, 5, 7) * 1000;
const entry = { source: "siem", received: NIGHT, code: "json", message: "no JSON", sample: "é\u{1F480}\0" };
const OTHERS: Write[] = [
  { write: "quarantine", entry },
  { write: "bookmark", name: "relp:1", content: '{"at":1}' },
  { write: "note", what: "rules", incident: null, content: { hash: "ab" } },
];
const others = () => sealUnit({ facility: FACILITY, at: NIGHT, writes: OTHERS });

it("gives back what it was given, of every kind a receiver writes", () => {
  const units = [unitOf(3), others(), unitOf(0), unitOf(1, 5000)];
  const payloads = encodeUnits(units, MOST);
  expect(payloads).toHaveLength(1);
  expect(decodeUnits(payloads[0] as Buffer, FACILITY)).toEqual(units);
});

it.each([2000, 3000, 10_000, 20_000])("divides between writes into messages of at most %i bytes", (most) => {
  const units = [unitOf(7, 300), others(), unitOf(30, 100), unitOf(1, 900)];
  const payloads = encodeUnits(units, most);
  expect(payloads.length).toBeGreaterThan(1);
  expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThanOrEqual(most);
  const read = payloads.flatMap((payload) => decodeUnits(payload, FACILITY));
  expect(read.flatMap(({ writes }) => writes)).toEqual(units.flatMap(({ writes }) => writes));
});

it("fills a message to its last byte, and no further", () => {
  const unit = unitOf(1, 1000);
  const [whole] = encodeUnits([unit], MOST) as [Buffer];
  expect(encodeUnits([unit], whole.length)).toEqual([whole]);
  expect(() => encodeUnits([unit], whole.length - 1)).toThrow(/a message carries/);
  expect(() => checkUnit(unit, whole.length - 1)).toThrow(expect.objectContaining({ code: "bus_too_large" }));
});

it("refuses what is not for the bus", () => {
  const unit = { facility: FACILITY, at: NIGHT, writes: [{ write: "session_end" as const, id: "x" }] };
  expect(() => encodeUnits([unit], MOST)).toThrow("a receiver hands on alerts");
});

const alertAt = HEAD_BYTES + UNIT_BYTES + FACILITY.length + 5;
function laterKind(): Buffer {
  const [bytes] = encodeUnits([others()], MOST) as [Buffer];
  bytes.writeUInt8(77, alertAt - 5);
  return bytes;
}
const payload = () => encodeUnits([unitOf(1)], MOST)[0] as Buffer;
function changed(change: (bytes: Buffer) => Buffer | undefined): Buffer {
  const bytes = payload();
  return change(bytes) ?? bytes;
}
/** The payload of a write whose content is another, its digest right. */
function alertOf(change: (stored: Record<string, unknown>) => unknown): Buffer {
  const unit = unitOf(1);
  const [write] = unit.writes;
  if (write?.write !== "alert") throw new Error("no alert");
  const content = JSON.stringify(change(JSON.parse(write.content)));
  return encodeUnits(
    [{ ...unit, writes: [{ ...write, content, digest: digestOf(content) }] }],
    MOST,
  )[0] as Buffer;
}

it.each<[string, () => Uint8Array, string]>([
  ["nothing", () => Buffer.alloc(0), "begin"],
  ["text", () => Buffer.from('{"alert":1}'), "begin"],
  ["another version", () => changed((b) => void b.writeUInt8(9, 3)), "version 9"],
  ["an end too early", () => changed((b) => b.subarray(0, -1)), "ends too early"],
  ["something after the end", () => changed((b) => Buffer.concat([b, b])), "follows its end"],
  ["too many writes", () => changed((b) => void b.writeUInt32LE(1e9, alertAt - 9)), "more than"],
  ["a kind of a later release", () => laterKind(), "of kind 77"],
  ["a changed byte", () => changed((b) => void b.writeUInt8(0x21, alertAt + 60)), "digest"],
  ["bytes that are no text", () => changed((b) => void b.writeUInt8(0xff, alertAt + 60)), "UTF-8"],
  ["another facility", () => encodeUnits([unitOf(1, 9, "elsewhere")], MOST)[0] as Buffer, "facility"],
  ["an alert that is a list", () => alertOf(() => []), "no object"],
  ["an alert without id", () => alertOf((a) => ({ ...a, id: "../x" })), "no id"],
  ["an alert of a hunt", () => alertOf((a) => ({ ...a, hunted: "i" })), "lacks"],
  ["an instant that is none", () => alertOf((a) => ({ ...a, received: 1.5 })), "lacks"],
  ["no detections", () => alertOf(({ detections: _, ...a }) => a), "no detections"],
  [
    "a detection of another",
    () => alertOf((a) => ({ ...a, detections: [{ id: "a", alert: "b" }] })),
    "detection",
  ],
])("refuses %s, and says so", (_what, bytes, because) => {
  expect(() => decodeUnits(bytes(), FACILITY)).toThrow(because);
});

it("refuses any cut or flipped byte with one of its own errors, and believes no changed alert", () => {
  const whole = encodeUnits([unitOf(2), others()], MOST)[0] as Buffer;
  const alerts = idsOf(decodeUnits(whole, FACILITY));
  for (let at = 0; at < whole.length; at++) {
    const bytes = Buffer.from(whole);
    bytes.writeUInt8((bytes.readUInt8(at) ^ (1 + (at % 255))) & 0xff, at);
    for (const each of [bytes, whole.subarray(0, at)]) {
      const outcome = outcomeOf(each);
      expect(["bus_malformed", "bus_version_unknown", alerts.join()]).toContain(outcome);
    }
  }
});

function outcomeOf(bytes: Uint8Array): string {
  try {
    return idsOf(decodeUnits(bytes, FACILITY)).join();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
