import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach, describe, expect, it } from "vitest";
import { makeAuthority } from "../../../test/support/authority.ts";
import { AT, aMessage, HOSTILE } from "../../../test/support/messages.ts";
import type { Message } from "../../contract.ts";
import { email } from "./index.ts";

const PASSWORD = "the relay's password";
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Received {
  raw: string;
  from: string;
  to: string[];
  mail: Email;
}

/** A real relay on the loopback, and what it took. */
async function relay(options: SMTPServerOptions = {}): Promise<{ port: number; taken: Received[] }> {
  const taken: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const raw = Buffer.concat(parts);
        void PostalMime.parse(raw).then((mail) => {
          const { mailFrom, rcptTo } = session.envelope;
          taken.push({
            raw: raw.toString("utf8"),
            from: mailFrom === false ? "" : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            mail,
          });
          done(null, "queued as 42");
        });
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  closing.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as { port: number }).port, taken };
}

const open = (port: number, more: object = {}) =>
  email.open(
    email.config.parse({
      host: "127.0.0.1",
      port,
      security: "none",
      from: "tocsin@ch.example",
      to: ["astreinte@ch.example"],
      timeout_seconds: 1,
      ...more,
    }),
    () => PASSWORD,
  );
const send = (port: number, message: Message = aMessage(), more: object = {}, to?: object) =>
  open(port, more).send(message, {
    now: AT,
    signal: AbortSignal.timeout(20_000),
    ...(to === undefined ? {} : { to: { name: "Paul Durand", email: "", phone: "", ...to } }),
  });

describe("a mail", () => {
  it("is delivered when the relay has taken it: text and HTML, the page's link, and nothing fetched", async () => {
    const { port, taken } = await relay();
    expect(await send(port)).toEqual({
      outcome: "delivered",
      because: "pris par le serveur de messagerie (250 queued as 42)",
    });
    const [{ mail, from, to } = { mail: undefined }] = taken;
    expect({ from, to }).toEqual({ from: "tocsin@ch.example", to: ["astreinte@ch.example"] });
    expect(mail?.subject).toBe("EXERCICE : incident 2026-0001 ouvert");
    expect(mail?.text).toContain("À déclarer maintenant.");
    expect(mail?.text).toContain(aMessage().link);
    expect(mail?.html).toContain(`href="${aMessage().link}"`);
    expect(mail?.html).not.toMatch(/<img|<script|<link|@import|url\(|src=/i);
    expect(mail?.attachments).toEqual([]);
  });

  it("has the Message-ID of its key, so that a repeat is known for one", async () => {
    const { port, taken } = await relay();
    await send(port);
    await send(port);
    await send(port, aMessage({ key: "another" }));
    const ids = taken.map(({ mail }) => mail.messageId);
    expect(ids[0]).toMatch(/^<[0-9a-f]{40}@ch\.example>$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it.each(HOSTILE)("adds no header, addressee or markup whatever is planted: %j", async (planted) => {
    const { port, taken } = await relay();
    const sent = await send(
      port,
      aMessage({ subject: planted, text: planted }),
      { to: undefined },
      {
        name: planted,
        email: "paul@ch.example",
      },
    );
    expect(sent.outcome).toBe("delivered");
    const [received] = taken;
    expect(received?.to).toEqual(["paul@ch.example"]);
    expect(received?.mail.bcc ?? []).toEqual([]);
    expect(received?.mail.headers.map(({ key }) => key).toSorted()).toEqual([
      "auto-submitted",
      "content-type",
      "date",
      "from",
      "importance",
      "message-id",
      "mime-version",
      "subject",
      "to",
    ]);
    expect(received?.mail.html).not.toMatch(/<script|<img/i);
    expect(received?.raw.split("\r\n").every((line) => line.length <= 998)).toBe(true);
    expect(received?.mail.subject).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  it("goes to the person on call when the channel has no addressee of its own", async () => {
    const { port, taken } = await relay();
    await send(port, aMessage(), { to: undefined }, { email: "p.durand@ch.example" });
    expect(taken[0]?.to).toEqual(["p.durand@ch.example"]);
    expect(taken[0]?.mail.to?.[0]).toMatchObject({ name: "Paul Durand", address: "p.durand@ch.example" });
  });

  it.each(["", "no address", "a@b@c", "a@b.example\r\nRCPT TO:<x@y.example>"])(
    "is refused, before any relay is asked, for the address %j",
    async (address) => {
      expect(await send(1, aMessage(), { to: undefined }, { email: address })).toEqual({
        outcome: "refused",
        because: "Paul Durand : aucune adresse électronique valable",
      });
    },
  );
});

describe("what the relay answers", () => {
  const at = (step: "onConnect" | "onMailFrom" | "onRcptTo" | "onData", code: number): SMTPServerOptions => {
    const error = Object.assign(new Error(`answer ${code}`), { responseCode: code });
    if (step === "onData")
      return {
        onData(stream, _session, done) {
          stream.resume();
          stream.on("end", () => done(error));
        },
      };
    return { [step]: (...args: unknown[]) => (args.at(-1) as (error: Error) => void)(error) };
  };
  it.each([
    ["onConnect", 421, "unreachable"],
    ["onConnect", 554, "refused"],
    ["onMailFrom", 451, "unreachable"],
    ["onRcptTo", 450, "unreachable"],
    ["onRcptTo", 550, "refused"],
    ["onData", 452, "unreachable"],
    ["onData", 552, "refused"],
  ] as const)("%s %i is %s", async (step, code, outcome) => {
    const { port } = await relay(at(step, code));
    expect(await send(port)).toMatchObject({ outcome, because: expect.stringContaining(String(code)) });
  });

  it("is delivered, saying for whom it was not, when one of two addressees is refused", async () => {
    const { port } = await relay({
      onRcptTo: ({ address }, _session, done) =>
        done(
          address.startsWith("gone") ? Object.assign(new Error("no such user"), { responseCode: 550 }) : null,
        ),
    });
    const sent = await send(port, aMessage(), { to: ["gone@ch.example", "here@ch.example"] });
    expect(sent).toMatchObject({ outcome: "delivered", because: expect.stringContaining("gone@ch.example") });
  });

  it("is unreachable where nobody listens", async () => {
    expect(await send(1)).toMatchObject({
      outcome: "unreachable",
      because: expect.stringMatching(
        /^pas pris par le serveur de messagerie : la connexion n'a pas abouti \(.*ECONNREFUSED.*\)$/,
      ),
    });
  });
});

/** A peer that speaks SMTP so far and then does what is asked. */
async function misbehaving(react: (line: string, socket: Socket) => string | undefined): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write("220 relay\r\n");
    socket.on("data", (data) => {
      for (const line of data.toString("latin1").split("\r\n").slice(0, -1)) {
        const answer = react(line, socket);
        if (answer !== undefined) socket.write(`${answer}\r\n`);
      }
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  closing.push(() => server.close());
  return (server.address() as { port: number }).port;
}

describe("a relay that fails midway", () => {
  it.each([
    ["says nothing after EHLO", "EHLO", "silence", "unreachable"],
    ["hangs up at RCPT", "RCPT", "end", "unreachable"],
    ["says nothing once it has the text", ".", "silence", "uncertain"],
    ["hangs up once it has the text", ".", "end", "uncertain"],
  ] as const)("%s", async (_, at, how, outcome) => {
    const port = await misbehaving((line, socket) => {
      if (line === at || (at !== "." && line.startsWith(at))) {
        if (how === "end") socket.destroy();
        return undefined;
      }
      if (line.startsWith("EHLO")) return "250 relay";
      if (line.startsWith("MAIL") || line.startsWith("RCPT")) return "250 ok";
      return line === "DATA" ? "354 go on" : undefined;
    });
    expect(await send(port)).toMatchObject({ outcome });
  });
});

describe("TLS and passwords", () => {
  it("refuses to speak to a relay that has no STARTTLS, and keeps the password", async () => {
    const lines: string[] = [];
    const port = await misbehaving((line) => {
      lines.push(line);
      return line.startsWith("EHLO") ? "250 AUTH PLAIN" : "500 no";
    });
    const sent = await send(port, aMessage(), {
      security: "starttls",
      username: "tocsin",
      password: { env: "P" },
    });
    expect(sent.outcome).not.toBe("delivered");
    expect(lines.join("\n")).not.toContain(Buffer.from(PASSWORD).toString("base64").slice(0, 10));
    expect(lines.some((line) => line.startsWith("AUTH"))).toBe(false);
  });

  it.each(["starttls", "tls"] as const)(
    "authenticates over %s with a certificate of the own authority",
    async (security) => {
      const folder = mkdtempSync(join(tmpdir(), "tocsin-mail-"));
      closing.push(() => rmSync(folder, { recursive: true, force: true }));
      const authority = makeAuthority(folder);
      const server = authority.issue("relay", { dns: ["localhost"] });
      const seen: string[] = [];
      const { port, taken } = await relay({
        secure: security === "tls",
        disabledCommands: [],
        key: readFileSync(server.files.key),
        cert: readFileSync(server.files.certificate),
        onAuth: ({ username = "", password = "" }, _session, done) => {
          seen.push(`${username}/${password}`);
          done(null, { user: username });
        },
      });
      const settings = {
        host: "localhost",
        security,
        authority: authority.file,
        username: "tocsin",
        password: { env: "P" },
      };
      expect((await send(port, aMessage(), settings)).outcome).toBe("delivered");
      expect(seen).toEqual([`tocsin/${PASSWORD}`]);
      expect(taken).toHaveLength(1);
      // Those that the machine trusts know nothing of this one.
      expect((await send(port, aMessage(), { ...settings, authority: undefined })).outcome).toBe(
        "unreachable",
      );
    },
  );

  it("leaks no password", async () => {
    const { port } = await relay({ onAuth: (_auth, _session, done) => done(new Error("no")) });
    const opened = open(port, { username: "u", password: { env: "P" } });
    const sent = await opened.send(aMessage(), { now: AT, signal: AbortSignal.timeout(5000) });
    expect(inspect([email, opened, sent], { depth: 10 })).not.toContain(PASSWORD);
  });
});

it.each([
  [{}],
  [{ host: "relay", from: "no address" }],
  [{ host: "relay", from: "a@b.example", to: [] }],
  [{ host: "relay", from: "a@b.example", to: ["x"] }],
  [{ host: "relay", from: "a@b.example", username: "u" }],
  [{ host: "relay", from: "a@b.example", username: "u", password: "inline" }],
  [{ host: "relay", from: "a@b.example", username: "u", password: { env: "P" }, security: "none" }],
  [{ host: "relay", from: "a@b.example", timeout_seconds: 0 }],
  [{ host: "relay", from: "a@b.example", unknown: 1 }],
])("refuses the settings %j", (settings) => {
  expect(email.config.safeParse(settings).success).toBe(false);
});
