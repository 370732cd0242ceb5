import { describe, expect, it } from "vitest";
import { Asset, SYSTEM_KINDS, System, type SystemKind } from "./asset.ts";

const parse = (kind: string, more: object = {}) => System.parse({ id: "x", name: "X", kind, ...more });

describe("System", () => {
  it.each<[SystemKind, boolean, boolean]>([
    ["emergency_call", true, false],
    ["patient_record", true, true],
    ["pharmacy", true, false],
    ["laboratory", true, true],
    ["imaging", true, true],
    ["critical_care", true, false],
    ["therapy", true, true],
    ["emergency_ward", true, true],
    ["medical_device", true, false],
    ["identity_management", false, true],
    ["mail", false, true],
    ["directory", false, false],
    ["infrastructure", false, false],
    ["backup", false, true],
    ["network", false, false],
    ["hosting", false, false],
    ["building", false, false],
    ["administration", false, false],
    ["website", false, false],
    ["other", false, false],
  ])("of kind %s is by default care-critical: %s, with health data: %s", (kind, care, data) => {
    expect(parse(kind)).toMatchObject({ care_critical: care, health_data: data });
  });

  it("is used by others by default only where that is what the kind means, and trusted by none", () => {
    const systems = Object.keys(SYSTEM_KINDS).map((kind) => parse(kind));
    expect(systems.filter(({ shared }) => shared).map(({ kind }) => kind)).toEqual(["hosting"]);
    expect(systems.some(({ trusted_by_others }) => trusted_by_others)).toBe(false);
  });

  it("keeps what is written, false and 0 included, and says what only its kind gave", () => {
    const written = { care_critical: false, health_data: true, degraded_after_minutes: 0 };
    const system = parse("imaging", written);
    expect(system).toMatchObject({ ...written, restore_within_minutes: 240 });
    expect(system.by_default).toEqual(["shared", "trusted_by_others", "restore_within_minutes"]);
  });

  it.each([
    ["a host of 60 kB", { hosts: ["h".repeat(60_000)] }, "253 characters at most"],
    ["a network of no length", { cidrs: ["10.0.0.0"] }, "write a network such as"],
    ["a delay without end", { degraded_after_minutes: 1e9 }, "527040"],
  ])("refuses %s", (_, more, message) => {
    expect(() => parse("other", more)).toThrow(message);
  });
});

it.each([
  ["a pattern for a name", { name: "pacs-*" }],
  ["a network for an address", { name: "a", addresses: ["10.0.0.0/8"] }],
])("Asset refuses %s", (_, asset) => {
  expect(Asset.safeParse(asset).success).toBe(false);
});
