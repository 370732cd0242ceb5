import { describe, expect, it } from "vitest";
import { CONTEXT, expectSound } from "../../test/contract/inbound.contract.ts";
import { fc } from "../../test/support/property.ts";
import { parseText } from "./ingest.ts";

describe("parseText", () => {
  it("makes an alert of a text that no format recognises", () => {
    expect(parseText("auto", "Use the BFG!", CONTEXT).alert).toMatchObject({
      "@timestamp": "2023-10-12T00:00:00.000Z",
      message: "Use the BFG!",
      event: { original: "Use the BFG!" },
      tags: ["tocsin_no_event_time", "tocsin_unrecognised"],
    });
  });
  it("marks what was lost before the text", () => {
    const { alert } = parseText(
      "syslog",
      { text: "<13>Oct 11 22:14:15 h su: \ufffd", utf8: false, cut: true },
      CONTEXT,
    );
    expect(alert?.tags).toEqual(["tocsin_not_utf8", "tocsin_cut"]);
  });
  it.each([
    ["auto", "", "empty"],
    ["auto", "  ", "empty"],
    ["syslog", "", "empty"],
    ["nothing", "x", "unknown_source"],
    ["generic", "x", "not_json"],
  ])("as %s, %j is the error %s", (source, text, code) => {
    expect(parseText(source, text, CONTEXT).error?.code).toBe(code);
  });
  it("hands on why there is no record", () => {
    const error = { code: "not_a_json_string", message: "the line is not a JSON string" };
    expect(parseText("auto", { text: "x", error }, CONTEXT)).toEqual({ error });
  });
  it("is sound for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) =>
        expectSound(parseText("auto", text, CONTEXT)),
      ),
    );
  });
});
