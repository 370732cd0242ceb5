import { X509Certificate } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttp, type Server } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoadedConfig, parseConfig } from "../../../config/load.ts";
import { openssl } from "../../../test/support/authority.ts";
import { makeTimeAuthority, type TimeAuthority } from "../../../test/support/time-authority.ts";
import { MICROSECONDS, systemClock } from "../../core/clock.ts";
import { problemSentence } from "../../core/errors.ts";
import { makeTls } from "../init/make-tls.ts";
import { lookLive } from "./look-live.ts";

let folder: string;
const ends: (() => Promise<unknown> | unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-live-"));
  mkdirSync(join(folder, "state"), { mode: 0o700 });
  writeFileSync(join(folder, "token"), TOKEN, { mode: 0o600 });
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  rmSync(folder, { recursive: true, force: true });
});

const TOKEN = "a-token-that-nobody-is-to-see";
const KEPT = { synchronised: async () => true };
const LISTENERS =
  "listeners: { people: { port: 0 }, intake: { port: 0 }, operations: { port: 0 } }\nsources: [{ id: a, connector: generic, token: { file: token } }]\n";

function load(more: string, mode = "exercise"): LoadedConfig {
  const text = `facility: { id: ch-x, name: CH X, kind: autre }\nmode: ${mode}\nstate_directory: ./state\n${more}`;
  const { loaded, problems } = parseConfig(text, join(folder, "tocsin.yml"), {});
  if (loaded === undefined) throw new Error(problems.map(problemSentence).join("\n"));
  return loaded;
}

async function look(more: string, options: { now?: number; patience?: number; hints?: typeof KEPT } = {}) {
  const clock = { ...systemClock, now: () => options.now ?? systemClock.now() };
  const { findings, looked } = await lookLive(load(more), {
    ...{ clock, hints: KEPT, limitOf: () => 65_536 },
    ...options,
  });
  for (const finding of findings) expect(JSON.stringify(finding)).not.toContain(TOKEN);
  return { told: findings.map(({ level, code, where }) => `${level} ${code} ${where}`), findings, looked };
}

/** An HTTP server that answers so; returns its port. */
async function serve(status: number, headers: Record<string, string> = {}): Promise<number> {
  const server: Server = createHttp((_, response) => void response.writeHead(status, headers).end());
  return listening(server);
}

async function listening(server: Server | ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A port at which nobody listens. */
async function silent(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const hook = (port: number) =>
  `${LISTENERS}notify: [{ id: h, connector: ntfy, for: [on_call], settings: { url: "http://127.0.0.1:${port}", topic: t } }]\n`;

describe("lookLive", () => {
  it("finds nothing where all is well, and says what it looked at", async () => {
    const { told, looked } = await look(LISTENERS);
    expect(told).toEqual([]);
    expect(looked.map(({ check }) => check)).toEqual([
      ...["ports", "certificates", "roster", "disk", "owners", "open files", "clock"],
    ]);
  });

  describe("ports", () => {
    it("tells each that another program has, TCP and UDP, and lets those go that it tried", async () => {
      const tcp = await listening(createServer());
      const udp = createSocket("udp4").bind(0, "127.0.0.1");
      await once(udp, "listening");
      ends.push(() => udp.close());
      const free = await silent();
      const sources = `sources: [{ id: a, connector: syslog, listen: [{ transport: udp, port: ${udp.address().port} }, { transport: tcp, port: ${free} }] }]`;
      const text = `listeners: { people: { port: ${tcp} }, intake: { port: 0 }, operations: { port: 0 } }\n${sources}\n`;
      const expected = ["problem port_taken listeners.people", "problem port_taken sources.0.listen.0"];
      expect((await look(text)).told).toEqual(expected);
      expect((await look(text)).told).toEqual(expected);
    });

    it("leaves alone those of our own daemon, which answers as one", async () => {
      const ours = createHttp((_, response) => void response.end('{"status":"ok"}'));
      const port = await listening(ours);
      const text = `listeners: { people: { port: 0 }, intake: { port: 0 }, operations: { port: ${port} } }\n`;
      expect((await look(text)).told).toEqual([]);
    });

    it("tells an address that is not of this machine", async () => {
      const text = `${LISTENERS.replace("generic, token: { file: token }", `syslog, listen: [{ transport: tcp, address: 192.0.2.77, port: ${await silent()} }]`)}`;
      expect((await look(text)).told).toEqual(["problem address_not_ours sources.0.listen.0"]);
    });
  });

  describe("certificates", () => {
    const text = `listeners: { people: { port: 0, address: 127.0.0.1, public_url: "https://NAME:8470", tls: { certificate: tls/tocsin.pem, key: tls/tocsin.key } }, intake: { port: 0 }, operations: { port: 0 } }\n`;
    const make = (now = systemClock.now()) =>
      makeTls(join(folder, "tls"), { names: ["tocsin.example"], facility: "X", now });

    it.each([
      ["two months before its end", 760, []],
      ["three weeks before its end", 803, ["advice certificate_ends_soon listeners.people.tls.certificate"]],
    ])("says %s what there is to say", async (_, days, expected) => {
      const made = systemClock.now();
      await make(made);
      rmSync(join(folder, "tls/autorite.key"));
      const now = made + days * MICROSECONDS.day;
      expect((await look(text.replace("NAME", "tocsin.example"), { now })).told).toEqual(expected);
    });

    it("tells a certificate of another name than people type, and a key of the authority that stays there", async () => {
      await make();
      const { told } = await look(text.replace("NAME", "autre.example"));
      expect(told).toEqual([
        "advice certificate_of_another_name listeners.people.public_url",
        `advice authority_key_here ${join(folder, "tls/autorite.key")}`,
      ]);
    });
  });

  describe("who is to be reached", () => {
    it("finds a webhook that answers, however it answers to a call that asks nothing", async () => {
      expect((await look(hook(await serve(405)))).told).toEqual([]);
    });

    it.each([
      ["nobody", silent, "ECONNREFUSED"],
      ["a server out of order", () => serve(503), "503"],
      [
        "what speaks no HTTP",
        () => listening(createServer((socket) => void socket.end("220 hello\r\n"))),
        "HTTP",
      ],
    ])("tells of %s in its place", async (_, open, words) => {
      const { told, findings } = await look(hook(await open()));
      expect(told).toEqual(["problem not_reachable notify.0"]);
      expect(findings[0]?.message).toContain(words);
      expect(findings[0]?.remedy).toContain("--offline");
    });

    it("greets the mail relay, and signs in as it would to send", async () => {
      const relay = new SMTPServer({
        authOptional: true,
        allowInsecureAuth: true,
        disabledCommands: ["STARTTLS"],
        onAuth: ({ password }, _, done) =>
          done(password === TOKEN ? null : new Error("no"), { user: "tocsin" }),
      });
      relay.listen(0, "127.0.0.1");
      await once(relay.server, "listening");
      ends.push(() => new Promise((resolve) => void relay.close(() => resolve(undefined))));
      const { port } = relay.server.address() as AddressInfo;
      const mail = (secret: string) =>
        `${LISTENERS}notify: [{ id: m, connector: email, for: [on_call], settings: { host: 127.0.0.1, port: ${port}, security: none, username: tocsin, password: { file: ${secret} }, from: t@ch.example, to: [a@ch.example] } }]\n`;
      writeFileSync(join(folder, "wrong"), "another password", { mode: 0o600 });
      expect((await look(mail("token"))).told).toEqual([]);
      expect((await look(mail("wrong"))).told).toEqual(["problem not_reachable notify.0"]);
    });

    describe.skipIf(!openssl.present)("third parties of the journal (needs OpenSSL)", () => {
      let authority: TimeAuthority;
      beforeEach(() => {
        authority = makeTimeAuthority(join(folder, "tsa"));
      });
      /** A time-stamping authority that answers so; returns its port. */
      const stamps = (answer: (query: Buffer) => Buffer) =>
        listening(
          createHttp(async (request, response) => {
            const parts: Buffer[] = [];
            for await (const part of request) parts.push(part as Buffer);
            response.end(answer(Buffer.concat(parts)));
          }),
        );
      const anchors = (port: number, file = authority.file) =>
        `${LISTENERS}anchors: { timestamp: { url: "http://127.0.0.1:${port}/", authority: ${file} } }\n`;

      it("asks for the time of a random number, and compares the clock with it", async () => {
        const port = await stamps((query) => authority.answer(query));
        const { told, looked } = await look(anchors(port));
        expect(told).not.toContainEqual(expect.stringMatching(/^problem|clock/));
        expect(looked).toContainEqual({ check: "anchors.timestamp" });
        const now = systemClock.now() + 50 * MICROSECONDS.second;
        expect((await look(anchors(port), { now })).told).toContain("problem clock_skewed clock");
      });

      const problems = async (text: string) =>
        (await look(text)).told.filter((each) => each.startsWith("problem"));
      it("tells an authority whose tokens do not lead to the certificate, that says no, or has no such", async () => {
        const other = makeTimeAuthority(join(folder, "other"));
        const wrong = await stamps((query) => other.answer(query));
        expect(await problems(anchors(wrong))).toEqual(["problem timestamp_refused anchors.timestamp"]);
        const no = await stamps(() => authority.refusal());
        expect(await problems(anchors(no))).toEqual(["problem timestamp_refused anchors.timestamp"]);
        const absent = join(folder, "absent.pem");
        expect(await problems(anchors(wrong, absent))).toEqual([
          "problem timestamp_authority anchors.timestamp.authority",
        ]);
        expect(await problems(anchors(await silent()))).toEqual(["problem not_reachable anchors.timestamp"]);
      });

      it("tells the end of its certificate a month before", async () => {
        const port = await stamps((query) => authority.answer(query));
        const ends = new X509Certificate(authority.pem).validToDate.getTime() * 1000;
        const { told } = await look(anchors(port), { now: ends - 29 * MICROSECONDS.day });
        expect(told).toContain("advice certificate_ends_soon anchors.timestamp.authority");
      });
    });

    it("tells which of those that are given the journal's heads cannot be reached", async () => {
      const relay = await silent();
      const anchors = (port: number) =>
        `${LISTENERS}anchors: { webhook: { url: "http://127.0.0.1:${port}/t", secret: { file: whsec } }, mail: { host: 127.0.0.1, port: ${relay}, security: none, from: t@ch.example, to: [a@example.org] } }\n`;
      const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
      writeFileSync(join(folder, "whsec"), secret, { mode: 0o600 });
      expect((await look(anchors(await silent()))).told).toEqual([
        "problem not_reachable anchors.webhook",
        "problem not_reachable anchors.mail",
      ]);
      expect((await look(anchors(await serve(405)))).told).toEqual(["problem not_reachable anchors.mail"]);
    });

    it.each([
      [200, []],
      [401, ["problem not_reachable sources.0.poll"]],
    ])("asks an index whether it lets us in: %i", async (status, expected) => {
      const port = await serve(status);
      const text = `${LISTENERS.replace("generic, token: { file: token }", `wazuh, poll: { url: "http://127.0.0.1:${port}", index: x, token: { file: token } }`)}`;
      expect((await look(text)).told).toEqual(expected);
    });

    it("asks the identity provider for what it publishes", async () => {
      const oidc = (port: number) =>
        `${LISTENERS}people: { oidc: { issuer: "http://127.0.0.1:${port}", client_id: c, client_secret: { file: token }, depends_on: [] } }\n`;
      expect((await look(oidc(await serve(200)))).told).toEqual([]);
      expect((await look(oidc(await serve(404)))).told).toEqual(["problem not_reachable people.oidc"]);
    });

    it("waits for nobody longer than the others, and says who did not answer", async () => {
      const port = await listening(createHttp(() => undefined));
      const began = performance.now();
      const { told } = await look(hook(port), { patience: 300 });
      expect(performance.now() - began).toBeLessThan(3000);
      expect(told).toEqual(["problem no_answer notify.0"]);
    });
  });

  describe("the clock", () => {
    const at = (seconds: number) => ({ date: new Date(Date.now() + seconds * 1000).toUTCString() });
    it.each([
      ["as ours is", 0, []],
      ["ten seconds ahead of ours", 10, ["advice clock_skewed clock"]],
      ["two minutes behind ours", -120, ["problem clock_skewed clock"]],
    ])("is compared with that of who answered: %s", async (_, seconds, expected) => {
      expect((await look(hook(await serve(200, at(seconds))))).told).toEqual(expected);
    });

    it.each([
      [true, [], undefined],
      [false, ["advice clock_unkept clock"], undefined],
      [undefined, [], "nothing here tells whether the clock is right"],
    ])("is else as the machine says: kept %s", async (kept, expected, unknown) => {
      const hints = { synchronised: async () => kept } as typeof KEPT;
      const { told, looked } = await look(LISTENERS, { hints });
      expect(told).toEqual(expected);
      expect(looked.find(({ check }) => check === "clock")?.unknown).toBe(unknown);
    });
  });

  describe("rosters", () => {
    const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    const roster = (rows: string[]) => {
      writeFileSync(join(folder, "garde.csv"), `person;from;until\n${rows.join("\n")}\n`);
      return `${LISTENERS}notify: [{ id: m, connector: email, for: [delegate], settings: { host: 127.0.0.1, from: t@ch.example } }]\nrosters: [{ for: delegate, file: garde.csv }]\n`;
    };
    it.each([
      [
        "nothing of one without a hole",
        [
          [-2, 20],
          [20, 40],
        ],
        undefined,
      ],
      [
        "the dates of a hole",
        [
          [-2, 12],
          [14, 40],
        ],
        "advice",
      ],
      ["a hole of tonight as a problem", [[2, 40]], "problem"],
    ])("tells %s", async (_, shifts, level) => {
      const rows = shifts.map(
        ([from = 0, until = 0]) => `anne.martin;${day(from)} 08:00;${day(until)} 08:00`,
      );
      const { findings } = await look(roster(rows));
      const holes = findings.filter(({ code }) => code === "roster_hole");
      expect(holes.map((each) => each.level)).toEqual(level === undefined ? [] : [level]);
      if (level === "advice")
        expect(holes[0]?.message).toContain(`from ${day(12)} 08:00 to ${day(14)} 08:00 (Europe/Paris)`);
    });
  });

  describe("the state directory", () => {
    it("tells who may look into it, and keys that others may read", async () => {
      chmodSync(join(folder, "state"), 0o755);
      writeFileSync(join(folder, "state/signing-key.pem"), "x");
      chmodSync(join(folder, "state/signing-key.pem"), 0o644);
      expect((await look(LISTENERS)).told).toEqual([
        `advice state_open ${join(folder, "state")}`,
        `problem key_open ${join(folder, "state/signing-key.pem")}`,
      ]);
    });

    it.runIf(process.getuid?.() === 0)("tells a database of another owner, and how to mend it", async () => {
      writeFileSync(join(folder, "state/tocsin.sqlite"), "", { mode: 0o600 });
      chownSync(join(folder, "state/tocsin.sqlite"), 12_345, 12_345);
      const { told, findings } = await look(LISTENERS);
      expect(told).toEqual([`problem state_owner ${join(folder, "state")}`]);
      expect(findings[0]?.remedy).toContain("chown -R 0:0");
    });
  });
});
