import { describe, expect, it } from "vitest";
import { alertReader } from "./taxonomy.ts";

const verdict = alertReader("tocsin.verdict");
const cef = (name: string, fields: Record<string, string> = {}) => ({
  event: { module: "cef" },
  fields: { name, ...fields },
});

describe("what a product says it did", () => {
  it.each<[object, string | undefined]>([
    [{ event: { action: "blocked" } }, "prevented"],
    [{ event: { action: "Access denied" } }, "prevented"],
    [{ event: { action: "denied", outcome: "failure" } }, "prevented"],
    [{ event: { type: ["denied"] } }, "prevented"],
    [{ fields: { "data.alert.action": "blocked" } }, "prevented"],
    [{ fields: { "winlog.event_data.Action Name": "Quarantine" } }, "prevented"],
    [{ fields: { "data.win.eventdata.action Name": "Quarantine" } }, "prevented"],
    [
      { fields: { PatternDispositionDescription: "Prevention, process was blocked from execution." } },
      "prevented",
    ],
    [{ fields: { disposition: "Cleaned" } }, "removed"],
    [cef("Blocked: vssadmin delete shadows"), "prevented"],
    [cef("Ransomware behaviour blocked"), "prevented"],
    [cef("Malware detected and removed"), "removed"],
    [{ rule: { name: "Prevented: mass file encryption" } }, "prevented"],
    [{ rule: { name: "Rançongiciel bloqué" } }, "prevented"],
    // What whoever acts can write.
    [{ message: "blocked: & vssadmin delete shadows" }, undefined],
    [{ process: { command_line: "blocked" }, file: { path: "blocked" } }, undefined],
    [{ fields: { "data.request.body.action": "blocked", path: "blocked" } }, undefined],
    [{ event: { module: "generic" }, fields: { name: "blocked.exe" } }, undefined],
    [{ rule: { name: "File /srv/blocked/a added" } }, undefined],
    [{ event: { action: "rename /srv/blocked/a" } }, undefined],
    // Doubtful, or the contrary.
    [{ event: { action: "blocked" }, fields: { verdict: "not blocked" } }, undefined],
    [{ event: { action: "blocked" }, message: "could not be quarantined" }, undefined],
    [{ event: { action: "allowed" }, rule: { name: "Blocked: x" } }, undefined],
    [{ event: { action: "quarantine_failed" } }, undefined],
    [{ event: { action: "Detection, process would have been blocked" } }, undefined],
    [cef("Shadow copies deleted"), undefined],
    [cef("Ransomware detected, shadow copies deleted"), undefined],
    [{ event: { outcome: "failure" } }, undefined],
    [{}, undefined],
  ])("of %j is %s", (alert, expected) => {
    expect(verdict(alert)).toBe(expected);
  });
});
