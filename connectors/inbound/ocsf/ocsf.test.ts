import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTEXT, inboundContract } from "../../../test/contract/inbound.contract.ts";
import { ocsf } from "./index.ts";

inboundContract(ocsf, join(import.meta.dirname, "fixtures"));

const event = {
  class_uid: 2004,
  category_uid: 2,
  activity_id: 1,
  time: 1785636667120,
  metadata: { version: "1.3.0" },
};
const read = (more: object) => ocsf.parse(JSON.stringify({ ...event, ...more }), CONTEXT).alert;

it.each([
  [0, undefined],
  [1, 10],
  [2, 20],
  [3, 50],
  [4, 75],
  [5, 80],
  [6, 90],
  [99, undefined],
])("puts severity_id %i at %s of 100", (severity_id, risk) => {
  const told = read({ severity_id })?.event;
  expect([told?.severity, told?.risk_score_norm]).toEqual([severity_id, risk]);
});

it.each([
  [2004, "alert"],
  [2002, "alert"],
  [3002, "event"],
  [4001, "event"],
])("gives class %i the kind %s", (class_uid, kind) => {
  expect(read({ class_uid, category_uid: Math.floor(class_uid / 1000) })?.event?.kind).toBe(kind);
});

it.each([
  [3001, 6, ["iam"], ["user", "deletion"], "delete"],
  [3002, 2, ["authentication"], ["end"], "logoff"],
  [1007, 2, ["process"], ["end"], "terminate"],
  [1001, 1, ["file"], ["creation"], "create"],
  [4001, 5, ["network"], ["connection", "denied"], "refuse"],
  [4003, 1, ["network"], ["protocol"], "query"],
  [9999, 1, undefined, undefined, undefined],
])("reads class %i, activity %i", (class_uid, activity_id, category, type, action) => {
  const told = read({ class_uid, category_uid: 0, activity_id })?.event;
  expect([told?.category, told?.type, told?.action]).toEqual([category, type, action]);
});

describe("decode", () => {
  it("tells a finding's updates apart, and a repetition not", () => {
    const finding = { ...event, finding_info: { uid: "f" } };
    const decoded = ocsf.decode?.({}, [finding, finding, { ...finding, activity_id: 2 }], CONTEXT);
    const ids = decoded?.outcome === "decoded" ? decoded.records.map(({ eventId }) => eventId) : [];
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
  });
  it("takes the uid of the event before all", () => {
    expect(ocsf.decode?.({}, { ...event, metadata: { uid: "m" } }, CONTEXT)).toMatchObject({
      records: [{ eventId: "m" }],
    });
  });
  it("finds the list that a body holds alone", () => {
    expect(ocsf.decode?.({}, { events: [event, event] }, CONTEXT)).toMatchObject({ records: [{}, {}] });
  });
  it("refuses what is neither", () => {
    expect(ocsf.decode?.({}, null, CONTEXT)).toMatchObject({ outcome: "refused", field: "(body)" });
  });
});
