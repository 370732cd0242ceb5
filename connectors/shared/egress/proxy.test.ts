import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Authority, makeAuthority, openssl } from "../../../test/support/authority.ts";
import { connectProxy } from "../../../test/support/connect-proxy.ts";
import { gatewayServer } from "../../../test/support/gateway-server.ts";
import { describePeer } from "../../../test/support/peer.ts";
import { callOut, type OutgoingCall } from "./call-out.ts";
import { networksOf } from "./may-reach.ts";
import { type EgressPolicy, ProxySettings, proxyOf } from "./policy.ts";

const PUBLIC_ONLY: EgressPolicy = { origins: "any", networks: networksOf([]) };
const INSIDE: EgressPolicy = { origins: "any", networks: networksOf(["127.0.0.0/8", "::1"]) };
const PASSWORD = "pass of the proxy é";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
  vi.unstubAllEnvs();
});

async function proxyServer(...options: Parameters<typeof connectProxy>) {
  const server = await connectProxy(...options);
  closing.push(server.close);
  return server;
}

function callBy(proxy: OutgoingCall["proxy"], url: string, more: Partial<OutgoingCall> = {}): OutgoingCall {
  return {
    method: "POST",
    url,
    headers: {},
    body: Buffer.from("{}"),
    proxy,
    limits: { connectSeconds: 1, answerSeconds: 1, answerBytes: 10_000 },
    signal: new AbortController().signal,
    ...more,
  };
}

describe("the setting of a proxy", () => {
  it("shows a name and a secret, and nothing without them", () => {
    const settings = ProxySettings.parse({
      url: "http://proxy.ch.example:3128",
      username: "tocsin",
      password: { env: "PASSWORD" },
    });
    const { authorization = "" } = proxyOf(settings, () => PASSWORD) ?? {};
    expect(Buffer.from(authorization.slice("Basic ".length), "base64").toString("utf8")).toBe(
      `tocsin:${PASSWORD}`,
    );
    expect(proxyOf(ProxySettings.parse({ url: "http://proxy:3128" }), () => PASSWORD)?.authorization).toBe(
      undefined,
    );
    expect(proxyOf(undefined, () => PASSWORD)).toBe(undefined);
  });

  it.each([
    ["a secret in the address", { url: "http://user:secret@proxy:3128" }],
    ["a path", { url: "http://proxy:3128/x" }],
    ["another protocol", { url: "socks5://proxy:1080" }],
    ["a name without a password", { url: "http://proxy:3128", username: "tocsin" }],
    ["a name with a colon", { url: "http://proxy:3128", username: "a:b", password: { env: "P" } }],
    ["a password in the clear", { url: "http://proxy:3128", username: "a", password: "secret" }],
  ])("does not take %s", (_, settings) => {
    expect(ProxySettings.safeParse(settings).success).toBe(false);
  });
});

describe("http by a proxy", () => {
  it("asks it for the whole address, with our credentials, and resolves no name itself", async () => {
    const proxy = await proxyServer();
    const resolve = vi.fn() as never;
    const answer = await callOut(
      callBy({ url: proxy.url, authorization: "Basic eA==" }, "http://receiver.example/a?b=c"),
      PUBLIC_ONLY,
      resolve,
    );
    expect(answer).toMatchObject({ status: 200, body: Buffer.from("by the proxy") });
    expect(proxy.asked).toEqual([
      { method: "POST", target: "http://receiver.example/a?b=c", authorization: "Basic eA==" },
    ]);
    expect(resolve).not.toHaveBeenCalled();
  });

  it("knows a 407 for the proxy's own: nothing was handed on", async () => {
    const proxy = await proxyServer({
      plain: (response) => response.writeHead(407, { "proxy-authenticate": "Negotiate" }).end("<html>"),
    });
    expect(await callOut(callBy({ url: proxy.url }, "http://receiver.example/"), PUBLIC_ONLY)).toEqual({
      failed: {
        code: "PROXY_CREDENTIALS",
        left: false,
        because: `${proxy.place} (mandataire) refuse nos identifiants (HTTP 407, Negotiate)`,
      },
    });
  });

  it("takes any other status as it stands: a proxy's cannot be told from the receiver's", async () => {
    const proxy = await proxyServer({ plain: (response) => response.writeHead(502).end() });
    expect(await callOut(callBy({ url: proxy.url }, "http://receiver.example/"), PUBLIC_ONLY)).toMatchObject({
      status: 502,
    });
  });
});

describe("what a proxy is never asked", () => {
  it.each([
    ["an address of the loopback", "https://127.0.0.1/"],
    ["a decimal number", "https://2130706433/"],
    ["an IPv4 address in an IPv6 address", "https://[::ffff:10.0.0.1]/"],
    ["the metadata of a cloud", "http://169.254.169.254/latest"],
    ["its own loopback by name", "https://localhost/"],
    ["its own loopback by a longer name", "http://x.localhost./"],
  ])("is %s", async (_, url) => {
    const proxy = await proxyServer();
    const { failed } = await callOut(callBy({ url: proxy.url }, url), PUBLIC_ONLY);
    expect(failed).toMatchObject({ code: "EGRESS_ADDRESS", left: false });
    expect(failed?.because).toContain("private_networks n'ouvre pas");
    expect(proxy.asked).toEqual([]);
  });

  it("is a place that the policy does not list", async () => {
    const proxy = await proxyServer();
    const policy = { ...PUBLIC_ONLY, origins: new Set(["https://receiver.example"]) };
    const { failed } = await callOut(callBy({ url: proxy.url }, "https://other.example/"), policy);
    expect(failed).toMatchObject({
      code: "EGRESS_ORIGIN",
      because: "other.example n'est pas une destination autorisée",
    });
    expect(proxy.asked).toEqual([]);
  });
});

describe("a proxy that opens no way", () => {
  const answers = (text: string) => (socket: Duplex) => void socket.end(text);
  it.each<[string, (socket: Duplex) => void, string, string]>([
    [
      "asks for credentials",
      answers("HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\n\r\n"),
      "PROXY_CREDENTIALS",
      "refuse nos identifiants (HTTP 407, Negotiate)",
    ],
    [
      "writes what is no scheme of credentials",
      answers("HTTP/1.1 407 No\r\nProxy-Authenticate: <b>x</b>\r\n\r\n"),
      "PROXY_CREDENTIALS",
      "refuse nos identifiants (HTTP 407)",
    ],
    [
      "refuses the place",
      answers("HTTP/1.1 403 Forbidden\r\n\r\n<h1>Bloqué</h1>"),
      "PROXY_REFUSED",
      "refuse de mener à receiver.example (HTTP 403)",
    ],
    [
      "cannot reach it",
      answers("HTTP/1.1 503 No\r\n\r\n"),
      "PROXY_FAILED",
      "n'a pas pu mener à receiver.example (HTTP 503)",
    ],
    [
      "asks for patience",
      answers("HTTP/1.1 429 No\r\n\r\n"),
      "PROXY_FAILED",
      "n'a pas pu mener à receiver.example (HTTP 429)",
    ],
    [
      "sends elsewhere",
      answers("HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n"),
      "PROXY_FAILED",
      "(HTTP 302)",
    ],
    [
      "answers garbage",
      answers("SSH-2.0-OpenSSH_9.6\r\n"),
      expect.stringMatching(/^HPE_/),
      "réponse qui n'est pas du HTTP",
    ],
    ["hangs up", (socket) => socket.destroy(), "ECONNRESET", "la connexion a été coupée"],
    ["hangs", () => undefined, "TOO_SLOW", "pas de connexion en 1 s"],
  ])("and %s: nothing left, and the proxy is named", async (_, tunnel, code, words) => {
    const proxy = await proxyServer({ tunnel });
    const { failed } = await callOut(callBy({ url: proxy.url }, "https://receiver.example/"), PUBLIC_ONLY);
    expect(failed).toMatchObject({ code, left: false });
    expect(failed?.because).toContain(`${proxy.place} (mandataire)`);
    expect(failed?.because).toContain(words);
    expect(proxy.asked.map(({ target }) => target)).toEqual(["receiver.example:443"]);
  });

  it("is one where nobody listens", async () => {
    const proxy = await proxyServer();
    proxy.close();
    expect(await callOut(callBy({ url: proxy.url }, "https://receiver.example/"), PUBLIC_ONLY)).toMatchObject(
      {
        failed: {
          code: "ECONNREFUSED",
          left: false,
          because: `${proxy.place} (mandataire) : la connexion est refusée (ECONNREFUSED)`,
        },
      },
    );
  });

  it.each([
    ["is silent", () => undefined, "TOO_SLOW", "receiver.example : pas de connexion en 1 s"],
    ["speaks no TLS", (socket: Duplex) => socket.write("hello"), expect.any(String), "receiver.example : "],
  ])("is not the one at fault once the way is open and the receiver %s", async (_, after, code, words) => {
    const proxy = await proxyServer({
      tunnel: (socket) => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        after(socket);
      },
    });
    const { failed } = await callOut(callBy({ url: proxy.url }, "https://receiver.example/"), PUBLIC_ONLY);
    expect(failed).toMatchObject({ code, left: false });
    expect(failed?.because).toContain(words);
    expect(failed?.because).not.toContain("mandataire");
  });
});

describePeer(openssl, "https by a proxy", () => {
  let folder: string;
  let authority: Authority;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-proxy-"));
    authority = makeAuthority(join(folder, "authority"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const pair = (of: Authority, name: string, dns: string[]) => {
    const { files } = of.issue(name, { dns });
    return { key: readFileSync(files.key), cert: readFileSync(files.certificate) };
  };
  const receiver = async (tls = pair(authority, "receiver", ["localhost"])) => {
    const server = await gatewayServer(undefined, tls);
    closing.push(server.close);
    return server;
  };
  const trusted = () => ({ tls: { authority: String(authority.ca) } });

  it("goes through a tunnel, in which the receiver alone reads what is sent", async () => {
    const { url, asked } = await receiver();
    const proxy = await proxyServer();
    const by = { url: proxy.url, authorization: "Basic eA==" };
    expect(await callOut(callBy(by, `${url}/a`, trusted()), INSIDE)).toMatchObject({ status: 200 });
    expect(proxy.asked).toEqual([
      { method: "CONNECT", target: new URL(url).host, authorization: "Basic eA==" },
    ]);
    expect(asked).toMatchObject([{ method: "POST", path: "/a", body: "{}" }]);
    expect(asked[0]?.headers).not.toHaveProperty("proxy-authorization");
  });

  it("goes through a proxy that is itself reached by TLS, its own authority verified", async () => {
    const { url } = await receiver();
    const others = makeAuthority(join(folder, "others"));
    const proxy = await proxyServer({ tls: pair(others, "proxy", ["localhost"]) });
    const by = { url: proxy.url, authority: String(others.ca) };
    expect(await callOut(callBy(by, url, trusted()), INSIDE)).toMatchObject({ status: 200 });
    const { failed } = await callOut(callBy({ url: proxy.url }, url, trusted()), INSIDE);
    expect(failed).toMatchObject({ left: false });
    expect(failed?.because).toContain(`le certificat de ${proxy.place} (mandataire) n'est signé par aucune`);
    expect(proxy.asked).toHaveLength(1);
  });

  it.each([
    ["reads along with a certificate of its own", () => makeAuthority(join(folder, "reader")), ["localhost"]],
    ["leads to another server", () => authority, ["other.example"]],
  ])("sends nothing when the proxy %s", async (_, of, dns) => {
    const elsewhere = await receiver(pair(of(), `elsewhere-${dns[0]}`, dns));
    const proxy = await proxyServer({ leadsTo: Number(new URL(elsewhere.url).port) });
    const { failed } = await callOut(callBy({ url: proxy.url }, "https://localhost:1/", trusted()), INSIDE);
    expect(failed).toMatchObject({
      left: false,
      because: expect.stringMatching(/^le certificat de localhost:1 /),
    });
    expect(elsewhere.asked).toEqual([]);
  });

  it("is never by a proxy of the environment, and by ours whatever the environment exempts", async () => {
    const { url } = await receiver();
    for (const name of ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
      vi.stubEnv(name, "http://127.0.0.1:1");
    vi.stubEnv("NODE_USE_ENV_PROXY", "1");
    vi.stubEnv("no_proxy", "");
    expect(await callOut(callBy(undefined, url, trusted()), INSIDE)).toMatchObject({ status: 200 });
    vi.stubEnv("no_proxy", "*");
    vi.stubEnv("NO_PROXY", "*");
    const proxy = await proxyServer();
    expect(await callOut(callBy({ url: proxy.url }, url, trusted()), INSIDE)).toMatchObject({ status: 200 });
    expect(proxy.asked).toHaveLength(1);
  });
});
