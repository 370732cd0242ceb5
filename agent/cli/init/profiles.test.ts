import { describe, expect, it } from "vitest";
import { advise } from "../../../config/advise.ts";
import { parseConfig } from "../../../config/load.ts";
import { SYSTEM_KINDS } from "../../core/asset.ts";
import { configText } from "./config-text.ts";
import { PROFILES } from "./profiles.ts";

const given = { facilityId: "x", facilityName: "X", mode: "observe", state: "../state" };
const textOf = (name: string) => {
  const profile = PROFILES[name];
  return configText({ ...given, kind: profile?.facility ?? "", profile });
};
const load = (text: string) => parseConfig(text, "/nowhere/tocsin.yml", null);

describe.each(Object.keys(PROFILES))("the profile %s", (name) => {
  it("is a configuration without a problem as it is written", () => {
    const { loaded, problems } = load(textOf(name));
    expect(problems).toBeUndefined();
    expect(loaded?.config.systems.length).toBeGreaterThanOrEqual(10);
    expect(loaded?.config.facility.kind).toBe(PROFILES[name]?.facility);
  });

  it("is told in one line of advice that its machines are still to be named", () => {
    const { loaded } = load(textOf(name));
    const told = loaded === undefined ? [] : advise(loaded).filter(({ code }) => code === "system_unseen");
    expect(told).toHaveLength(1);
    expect(told[0]?.message).toContain(loaded?.config.systems[0]?.id);
  });

  it("holds together once every usual name of machines is taken", () => {
    const { loaded, problems } = load(textOf(name).replace(/^ {4}# (?=hosts:)/gm, "    "));
    expect(problems).toBeUndefined();
    expect(loaded?.config.systems.filter(({ hosts }) => hosts.length === 0)).toEqual([]);
  });
});

it("the profile of a university hospital has every kind of system that care stands on", () => {
  const kinds = new Set(PROFILES.chu?.systems.map(({ kind }) => kind));
  const absent = Object.keys(SYSTEM_KINDS).filter((kind) => !kinds.has(kind as keyof typeof SYSTEM_KINDS));
  expect(absent).toEqual(["hosting"]);
});
