import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Authority, type Issued, makeAuthority, openssl } from "../support/authority.ts";
import { type Daemon, type House, makeHouse, relevant, startDaemon } from "../support/daemon.ts";
import { describePeer } from "../support/peer.ts";

let house: House;
let daemon: Daemon;
let authority: Authority;
let certificates: Record<string, Issued>;

/** Posts over TLS, with a client certificate when one is named. */
function post(
  source: string,
  sent: { as?: string | undefined; token?: string | undefined; what?: string },
): Promise<{ status: number; title: string | undefined }> {
  const { as, token, what = "alerts" } = sent;
  const files = as === undefined ? undefined : certificates[as]?.files;
  const identity = files && { cert: readFileSync(files.certificate), key: readFileSync(files.key) };
  const url = `${daemon.alerts.replace("http:", "https:").replace("/alerts", `/${what}`)}/${source}`;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const options = {
      method: "POST",
      ca: authority.ca,
      servername: "localhost",
      headers,
      ...identity,
      agent: false,
    };
    const posted = request(url, options, async (response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      const title = text === "" ? undefined : (JSON.parse(text) as { title?: string }).title;
      resolve({ status: response.statusCode ?? 0, title });
    });
    posted.on("error", reject).end(JSON.stringify(relevant(`${source}-${as}`)));
  });
}

describePeer(openssl, "a source that is known by its certificate", () => {
  beforeAll(async () => {
    house = await makeHouse();
    authority = makeAuthority(join(house.directory, "authority"));
    const others = makeAuthority(join(house.directory, "others"));
    certificates = {
      server: authority.issue("localhost", { dns: ["localhost"] }),
      siem: authority.issue("siem.example", { dns: ["siem.example"] }),
      other: authority.issue("other.example", { dns: ["other.example"] }),
      expired: authority.issue("siem-old.example", { commonName: "siem.example", days: -1 }),
      stranger: others.issue("siem.example", { dns: ["siem.example"] }),
    };
    const { server, other } = certificates;
    const tls = `{ certificate: ${server?.files.certificate}, key: ${server?.files.key}, clients: { authority: ${authority.file} } }`;
    const text = readFileSync(house.config, "utf8")
      .replace(
        "intake: { address: 127.0.0.1, port: 0 }",
        `intake: { address: 127.0.0.1, port: 0, tls: ${tls} }`,
      )
      .replace(
        "systems:",
        `  - { id: by-name, connector: generic, client: { names: [siem.example] } }
  - { id: by-print, connector: generic, client: { fingerprints: ["${other?.fingerprint}"] } }
  - { id: by-any, connector: generic, client: {} }
  - { id: by-both, connector: generic, token: { env: BOTH_TOKEN }, client: { names: ["*.example"] } }
systems:`,
      );
    writeFileSync(house.config, text);
    daemon = await startDaemon(house, { BOTH_TOKEN: "token-of-the-source-by-both" });
  });
  afterAll(async () => {
    expect(await daemon?.end("SIGTERM")).toBe(0);
    house?.remove();
  });

  it.each([
    ["by-name", "siem", 202, undefined],
    ["by-name", "other", 403, "client_refused"],
    ["by-name", "expired", 403, "client_refused"],
    ["by-name", "stranger", 403, "client_refused"],
    ["by-name", undefined, 403, "client_refused"],
    ["by-print", "other", 202, undefined],
    ["by-print", "siem", 403, "client_refused"],
    ["by-any", "siem", 202, undefined],
    ["by-any", undefined, 403, "client_refused"],
  ])("%s, asked by %s: %i", async (source, as, status, title) => {
    expect(await post(source, { as })).toEqual({ status, title });
    const beats = await post(source, { as, what: "heartbeats" });
    expect(beats).toEqual({ status: status === 202 ? 204 : status, title });
  });

  it("must bring both, when it configures a token too", async () => {
    const token = "token-of-the-source-by-both";
    expect(await post("by-both", { as: "siem", token })).toMatchObject({ status: 202 });
    expect(await post("by-both", { as: "siem" })).toMatchObject({ status: 401, title: "bad_token" });
    expect(await post("by-both", { token })).toMatchObject({ status: 403, title: "client_refused" });
  });

  it("leaves sources that only have a token as they were", async () => {
    expect(await post("generic", { token: house.tokens.generic })).toMatchObject({ status: 202 });
  });
});
