import { describe, expect, it } from "vitest";
import type { Alert } from "../core/alert.ts";
import { Asset, System } from "../core/asset.ts";
import { locator } from "./locate.ts";

const SYSTEMS = [
  { id: "pacs", name: "PACS", kind: "imaging", hosts: ["pacs-*"], cidrs: ["10.20.4.0/24"] },
  { id: "dpi", name: "DPI", kind: "patient_record", services: ["dpi"] },
].map((each) => System.parse(each));
const ASSETS = [Asset.parse({ name: "srv-7", addresses: ["192.0.2.7"], system: "dpi" })];
const locate = locator(SYSTEMS, ASSETS);
const found = (alert: Partial<Alert>, about?: string[]) => {
  const { subject, system } = locate({ message: "", ...alert }, about);
  return [subject, system?.id ?? null];
};

describe("locate", () => {
  it.each<[string, Partial<Alert>, string[] | undefined, (string | null)[]]>([
    ["the host", { host: { name: "pacs-1" } }, undefined, ["pacs-1", "pacs"]],
    [
      "an address of the host",
      { host: { name: "x", ip: ["192.0.2.1", "10.20.4.8"] } },
      undefined,
      ["10.20.4.8", "pacs"],
    ],
    ["the service", { host: { name: "lb" }, service: { name: "DPI" } }, undefined, ["DPI", "dpi"]],
    [
      "a machine that was imported",
      { host: { name: "srv-7.ch.example" } },
      undefined,
      ["srv-7.ch.example", "dpi"],
    ],
    ["its address", { source: { ip: "192.0.2.7" } }, undefined, ["192.0.2.7", "dpi"]],
    [
      "the field that the rule names",
      { host: { name: "pacs-1" }, fields: { "job.name": "dpi" } },
      ["job.name"],
      ["dpi", "dpi"],
    ],
    [
      "nothing, and tells the first name",
      { host: { name: "y" }, source: { ip: "198.51.100.1" } },
      undefined,
      ["y", null],
    ],
    ["nothing of an alert that names nothing", {}, undefined, [null, null]],
  ])("finds %s", (_, alert, about, expected) => {
    expect(found(alert, about)).toEqual(expected);
  });

  it("cuts a host of 60 kB rather than carry it", () => {
    const [subject] = found({ host: { name: `pacs-${"a".repeat(60_000)}` } });
    expect(subject).toHaveLength(255);
  });
});
