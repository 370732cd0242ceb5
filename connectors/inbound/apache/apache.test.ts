import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inboundContract } from "../../../test/contract/inbound.contract.ts";
import { CONTEXT } from "../../../test/support/fixtures.ts";
import { recognise } from "../../registry.ts";
import { apache } from "./index.ts";

inboundContract(apache, join(import.meta.dirname, "fixtures"));

const DATE = "[11/Oct/2023:22:14:15 +0200]";
const read = (text: string) => apache.parse(text, CONTEXT).alert;

describe("before the date of an access line", () => {
  it.each([
    ["192.0.2.1 - -", { address: "192.0.2.1", ip: "192.0.2.1" }, undefined, undefined],
    [
      "client.example.org - bob",
      { address: "client.example.org", domain: "client.example.org" },
      "bob",
      undefined,
    ],
    ["192.0.2.1 - bob the builder", { address: "192.0.2.1", ip: "192.0.2.1" }, "bob the builder", undefined],
    ["192.0.2.1 ident bob", { address: "192.0.2.1", ip: "192.0.2.1" }, "bob", undefined],
    [
      "www.example.org:80 2001:db8::1 - -",
      { address: "2001:db8::1", ip: "2001:db8::1" },
      undefined,
      "www.example.org",
    ],
    [
      "192.0.2.1:4711 www.example.org:443 - -",
      { address: "192.0.2.1", ip: "192.0.2.1", port: 4711 },
      undefined,
      "www.example.org",
    ],
    [
      'www.example.org "198.51.100.1, 198.51.100.2" 192.0.2.1 - -',
      { address: "192.0.2.1", ip: "192.0.2.1" },
      undefined,
      "www.example.org",
    ],
    ["198.51.100.1, 192.0.2.1 - -", { address: "192.0.2.1", ip: "192.0.2.1" }, undefined, undefined],
  ])("%s", (before, source, user, domain) => {
    const alert = read(`${before} ${DATE} "GET / HTTP/1.1" 200 1`);
    expect(alert?.source).toEqual(source);
    expect(alert?.user?.name).toBe(user);
    expect(alert?.url?.domain).toBe(domain);
  });
});

describe("the request of an access line", () => {
  it.each([
    ["GET /a/b.php?x=1#y HTTP/1.1", "GET", { path: "/a/b.php", query: "x=1", extension: "php" }],
    ["GET / HTTP/2.0", "GET", { path: "/" }],
    ["GET /old", "GET", { path: "/old" }],
    ["GET /a b?c d HTTP/1.1", "GET", { path: "/a b", query: "c d" }],
    ["OPTIONS * HTTP/1.0", "OPTIONS", { original: "*" }],
    ["CONNECT 192.0.2.9:443 HTTP/1.1", "CONNECT", { original: "192.0.2.9:443" }],
    ["GET https://a.example:8443/x HTTP/1.1", "GET", { domain: "a.example", port: 8443, scheme: "https" }],
    ["\\x16\\x03\\x01", undefined, undefined],
    ["-", undefined, undefined],
    ["", undefined, undefined],
    ["HELP", undefined, undefined],
  ])("%j", (request, method, url) => {
    const alert = read(`192.0.2.1 - - ${DATE} "${request}" 400 1 "-" "-"`);
    expect(alert?.http?.request?.method).toBe(method);
    if (url === undefined) expect(alert?.url).toBeUndefined();
    else expect(alert?.url).toMatchObject(url);
    expect(alert?.http?.response?.status_code).toBe(400);
  });
});

describe("what a client writes forges no address", () => {
  it.each([
    [`192.0.2.1 - x ${DATE} \\"GET /forged HTTP/1.1\\" 200 1 ${DATE} "GET /real HTTP/1.1" 200 1`, "/real"],
    [`192.0.2.1 - - ${DATE} "GET /real?\\" 203.0.113.66 HTTP/1.1" 200 1`, '/real?" 203.0.113.66'],
    [
      "[Wed Oct 11 22:14:15 2023] [error] [client 192.0.2.1] File does not exist: /[client 203.0.113.66]",
      undefined,
    ],
    ["[Wed Oct 11 22:14:15 2023] [error] [client 192.0.2.1] x, referer: [client 203.0.113.66]", undefined],
  ])("%s", (line, target) => {
    const alert = read(line);
    expect(alert?.source?.ip).toBe("192.0.2.1");
    expect(alert?.url?.original).toBe(target);
  });
});

it.each(["x", 'x y="z"', '" y=z', 'a="b"c="d" e', 'a="b"c'])(
  "reads a line whose request is followed by %s to its end",
  (rest) => {
    const { alert } = apache.parse(`192.0.2.1 - - ${DATE} "GET / HTTP/1.1"${rest}`, CONTEXT);
    expect(alert?.url?.path).toBe("/");
  },
);

it.each([
  ['192.0.2.1 - - [11/Oct/2023:22:14:15 +0200] "GET / HTTP/1.1" 200 1', "apache"],
  ["[Wed Oct 11 22:14:15 2023] [error] [client 192.0.2.1] x", "apache"],
  ["[2023-10-11 22:14:15.323610 +0200] [core:notice] [pid 1:tid 2] AH00094: x", "apache"],
  [
    '<13>Oct 11 22:14:15 h httpd: 192.0.2.1 - - [11/Oct/2023:22:14:15 +0200] "GET / HTTP/1.1" 200 1',
    "syslog",
  ],
  ['Oct 11 22:14:15 h httpd: 192.0.2.1 - - [11/Oct/2023:22:14:15 +0200] "GET / HTTP/1.1" 200 1', "syslog"],
  ["[Wed Oct 11 22:14:15 2023] some text", undefined],
])("recognises %s as %s", (text, name) => {
  expect(recognise(text).connector?.name).toBe(name);
});
