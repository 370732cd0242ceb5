import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTEXT, inboundContract } from "../../../test/contract/inbound.contract.ts";
import { wazuh } from "./index.ts";

inboundContract(wazuh, join(import.meta.dirname, "fixtures"));

describe("decode", () => {
  const alert = { id: "1.2", rule: { level: 3, id: "1" }, agent: { name: "a" } };
  it("takes one alert or a list, each with its identity", () => {
    for (const body of [alert, [alert]]) {
      expect(wazuh.decode?.({}, body, CONTEXT)).toMatchObject({
        outcome: "decoded",
        records: [{ eventId: "1.2" }],
      });
    }
    expect(wazuh.decode?.({}, [alert, 1], CONTEXT)).toMatchObject({
      records: [{ eventId: "1.2" }, { error: { code: "not_wazuh" } }],
    });
  });
  it.each([
    [1, "(body)"],
    [{ id: "1" }, "rule"],
  ])("refuses %j, naming %s", (body, field) => {
    expect(wazuh.decode?.({}, body, CONTEXT)).toMatchObject({ outcome: "refused", field });
  });
});

it.each([
  [0, 0],
  [7, 47],
  [15, 100],
  [16, 100],
])("puts level %i at %i of 100", (level, risk) => {
  const { alert } = wazuh.parse(JSON.stringify({ rule: { level } }), CONTEXT);
  expect(alert?.event).toMatchObject({ severity: level, risk_score_norm: risk });
});

it.each([
  ["informational", 10],
  ["low", 20],
  ["medium", 50],
  ["high", 75],
  ["critical", 80],
])("puts a finding's level %s at %i of 100", (level, risk) => {
  const { alert } = wazuh.parse(JSON.stringify({ wazuh: { rule: { level, title: "t" } } }), CONTEXT);
  expect(alert?.event).toMatchObject({ kind: "alert", risk_score_norm: risk });
  expect(alert?.rule?.name).toBe("t");
});

it("takes the hits of an index, each with the alert's own identity or its document's", () => {
  const rule = { level: 3, id: "1" };
  const hits = [
    { _id: "a", _source: { id: "1.2", rule } },
    { _id: "b", _source: { wazuh: { rule: {} } } },
  ];
  expect(wazuh.decode?.({}, { hits: { hits } }, CONTEXT)).toMatchObject({
    records: [{ eventId: "1.2" }, { eventId: "b" }],
  });
});

it.each([
  [
    "each backslash doubled",
    { pipeName: "\\\\PSHost", image: "C:\\\\a.exe" },
    { PipeName: "\\PSHost", Image: "C:\\a.exe" },
  ],
  ["a share", { image: "\\\\\\\\srv\\\\a.exe" }, { Image: "\\\\srv\\a.exe" }],
  [
    "one backslash alone",
    { pipeName: "\\\\srv", image: "C:\\a.exe" },
    { PipeName: "\\\\srv", Image: "C:\\a.exe" },
  ],
])("reads the texts of a Windows event with %s", (_, eventdata, fields) => {
  const record = { rule: { level: 3 }, data: { win: { system: { eventID: "17" }, eventdata } } };
  expect(wazuh.parse(JSON.stringify(record), CONTEXT).alert?.fields).toMatchObject(fields);
});
