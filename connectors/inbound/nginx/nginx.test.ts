import { join } from "node:path";
import { expect, it } from "vitest";
import { inboundContract } from "../../../test/contract/inbound.contract.ts";
import { CONTEXT } from "../../../test/support/fixtures.ts";
import { recognise } from "../../registry.ts";
import { nginx } from "./index.ts";

inboundContract(nginx, join(import.meta.dirname, "fixtures"));

const error = (text: string) => `2023/10/11 22:14:15 [error] 12#34: *5 ${text}`;
const END = 'server: www.example.org, request: "GET /a?b=c HTTP/1.1", host: "www.example.org"';

it.each([
  [`x failed, client: 192.0.2.1, ${END}`, "192.0.2.1"],
  [`x failed, client: 2001:db8::1, ${END}`, "2001:db8::1"],
  [`open() "/x, client: 192.0.2.1, server: y" failed, client: 192.0.2.1, ${END}`, "192.0.2.1"],
  // Text and request are the client's: of two addresses neither is sure.
  [`open() "/x, client: 203.0.113.66, server: y" failed, client: 192.0.2.1, ${END}`, undefined],
  ["x failed, client: unix:, server: y", undefined],
  ["x failed", undefined],
])("reads the client of %s as %s", (text, ip) => {
  expect(nginx.parse(error(text), CONTEXT).alert?.source?.ip).toBe(ip);
});

it("reads a time, a level, a process, the request and the text of an error", () => {
  const { alert } = nginx.parse(error(`access forbidden by rule, client: 192.0.2.1, ${END}`), CONTEXT);
  expect(alert).toMatchObject({
    "@timestamp": "2023-10-11T22:14:15.000Z",
    event: { module: "nginx", dataset: "nginx.error", action: "access_denied", risk_score_norm: 60 },
    log: { level: "error" },
    process: { pid: 12, thread: { id: 34 } },
    url: { original: "/a?b=c", path: "/a", query: "b=c", domain: "www.example.org" },
    http: { version: "1.1", request: { method: "GET" } },
  });
});

it.each([
  ["2023/10/11 22:14:15 [warn] 1#1: x", "nginx"],
  ["2023/10/11 22:14:15 h su: x", "syslog"],
])("recognises %s as %s", (text, name) => {
  expect(recognise(text).connector?.name).toBe(name);
});
