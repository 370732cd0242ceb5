import { join } from "node:path";
import { expect, it } from "vitest";
import { inboundContract } from "../../../test/contract/inbound.contract.ts";
import { CONTEXT } from "../../../test/support/fixtures.ts";
import { recognise } from "../../registry.ts";
import { haproxy } from "./index.ts";

inboundContract(haproxy, join(import.meta.dirname, "fixtures"));

it.each([
  ["192.0.2.17:33317 [11/Oct/2023:22:14:15.655] http-in static/srv1 1/0/3/6/9 200 2 ", "haproxy"],
  ["192.0.2.17:33317 [11/Oct/2023:22:14:15.655] http-in/1: Timeout during SSL handshake", "haproxy"],
  ['192.0.2.17 - - [11/Oct/2023:22:14:15 +0000] "GET / HTTP/1.1" 200 2', "apache"],
  ["<134>Oct 11 22:14:15 lb haproxy[7]: 192.0.2.17:3 [11/Oct/2023:22:14:15.655] a b/c 1/2/3 4 -- ", "syslog"],
  [
    "haproxy[7]: 192.0.2.17:33313 [11/Oct/2023:22:14:15.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0",
    "syslog",
  ],
])("recognises %s as %s", (line, name) => {
  expect(recognise(line).connector?.name).toBe(name);
});

it("reads the date of acceptance in the zone of the source", () => {
  const { alert } = haproxy.parse(
    "192.0.2.17:33317 [11/Oct/2023:22:14:15.655] http-in static/srv1 1/0/3/6/9 200 2 - - ---- 1/1/1/1/0 0/0 ",
    { ...CONTEXT, zone: "Europe/Paris" },
  );
  expect(alert?.["@timestamp"]).toBe("2023-10-11T20:14:15.655Z");
});

it("keeps the text of a line that is not HAProxy's, with an error", () => {
  expect(haproxy.parse("nothing", CONTEXT)).toMatchObject({
    error: { code: "not_haproxy" },
    alert: { message: "nothing" },
  });
});
