import { describe, expect, it } from "vitest";
import { CONTEXT } from "../test/support/fixtures.ts";
import { inboundNamed } from "./registry.ts";

const auto = inboundNamed("auto");

describe("auto", () => {
  it.each([
    ["<34>Oct 11 22:14:15 h su: x", "syslog"],
    ["CEF:0|v|p|1|c|n|5|", "cef"],
    ['{"msg":"x"}', "generic"],
    ["Use the BFG!", "text"],
  ])("reads %j as %s", (record, module) =>
    expect(auto?.parse(record, CONTEXT).alert?.event?.module).toBe(module),
  );

  it("decodes each value of a body as what it is, and tells those that are nothing", () => {
    const alertmanager = {
      labels: { alertname: "HostDown" },
      startsAt: "2023-10-11T22:14:15Z",
      status: "firing",
    };
    const body = [{ message: "x" }, "CEF:0|v|p|1|c|n|5|", alertmanager, 12];
    const decoded = auto?.decode?.({}, body, CONTEXT);
    expect(
      decoded?.outcome === "decoded" &&
        decoded.records.map(({ alert, error }) => alert?.event?.module ?? error?.code),
    ).toEqual(["generic", "cef", "alertmanager", "unrecognised"]);
  });

  it("takes one object as it takes a list of one", () => {
    const one = auto?.decode?.({}, { message: "x" }, CONTEXT);
    expect(one).toEqual(auto?.decode?.({}, [{ message: "x" }], CONTEXT));
    expect(one).toMatchObject({ outcome: "decoded", records: [{ alert: { message: "x" } }] });
  });

  it("maps what it decodes", () => {
    const record = {
      records: ["CEF:0|Palo Alto Networks|PAN-OS|10.2|virus|THREAT|4|src=192.0.2.1 act=deny"],
    };
    expect(auto?.decode?.({}, record.records, CONTEXT)).toMatchObject({
      records: [{ alert: { event: { dataset: "palo-alto-pan-os", module: "cef" } } }],
    });
  });
});

it("a mapping named as a source reads its product whatever tells it, and leaves other formats as they are", () => {
  const source = inboundNamed("palo-alto-pan-os");
  const named = source?.parse(
    "CEF:0|Panorama relay|x|1|virus|THREAT|4|src=192.0.2.1 act=deny",
    CONTEXT,
  ).alert;
  expect(named).toMatchObject({ event: { dataset: "palo-alto-pan-os", type: ["connection", "denied"] } });
  expect(inboundNamed("cisco-asa")?.decode).toBeUndefined();
  expect(inboundNamed("cisco-asa")?.parse('{"a":1}', CONTEXT).alert?.event?.dataset).toBe("text");
});
