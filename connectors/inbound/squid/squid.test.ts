import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inboundContract } from "../../../test/contract/inbound.contract.ts";
import { CONTEXT } from "../../../test/support/fixtures.ts";
import { recognise } from "../../registry.ts";
import { squid } from "./index.ts";

inboundContract(squid, join(import.meta.dirname, "fixtures"));

describe("a line that is not Squid's", () => {
  it.each([
    "1697062455.123 web01 app: GET http://www.example.org/",
    "<13>Oct 11 22:14:15 proxy squid: 1697062455.123 184 192.0.2.17 TCP_MISS/200 1 GET / - NONE/- -",
    "1697062455 184 192.0.2.17 TCP_MISS/200",
  ])("is not taken for one: %s", (line) => {
    expect(recognise(line).connector?.name).not.toBe("squid");
  });

  it("is an error with the text", () => {
    expect(squid.parse("nothing", CONTEXT)).toMatchObject({
      error: { code: "not_squid" },
      alert: { message: "nothing", tags: ["tocsin_no_event_time"] },
    });
  });
});

it("tells a refusal of its own from an answer of the server", () => {
  const outcome = (result: string) =>
    squid.parse(`1697062455.123 4 192.0.2.18 ${result} 16 GET http://www.example.net/ - NONE/- -`, CONTEXT)
      .alert?.event;
  expect(outcome("TCP_DENIED/403")).toMatchObject({ type: ["access", "denied"], outcome: "failure" });
  expect(outcome("TCP_MISS/404")).toMatchObject({ type: ["access", "connection"], outcome: "failure" });
  expect(outcome("TCP_MISS/304")).toMatchObject({ type: ["access", "connection"], outcome: "success" });
});
