import { expect, it } from "vitest";
import type { Alert } from "../../agent/core/alert.ts";
import { CONTEXT } from "../../test/support/fixtures.ts";
import { putterOf } from "./put.ts";

it.each<[string, string, Partial<Alert>]>([
  [
    "url.original",
    "https://www.example.org:8443/a/b.exe?c=d",
    {
      url: {
        original: "https://www.example.org:8443/a/b.exe?c=d",
        full: "https://www.example.org:8443/a/b.exe?c=d",
        scheme: "https",
        domain: "www.example.org",
        port: 8443,
        path: "/a/b.exe",
        query: "c=d",
        extension: "exe",
      },
    },
  ],
  ["url.original", "/a?b=c", { url: { original: "/a?b=c", path: "/a", query: "b=c" } }],
  ["destination", "192.0.2.1", { destination: { ip: "192.0.2.1", address: "192.0.2.1" } }],
  ["destination", "192.0.2.1 dpo", { destination: { ip: "192.0.2.1", address: "192.0.2.1" } }],
  ["destination", "a machine", { destination: { address: "a machine" } }],
])("%s of %j", (name, value, expected) => {
  const event = { original: "x", module: "syslog", dataset: "syslog" };
  const alert: Alert = { "@timestamp": "2023-10-12T00:00:00.000Z", event };
  expect(putterOf(name)?.({ alert, event, fields: {}, room: 9, cut: false }, value, CONTEXT)).toBe(true);
  expect(alert).toMatchObject(expected);
});
