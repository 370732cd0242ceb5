import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach } from "vitest";

/** One message that a server took, to the byte. */
export interface Received {
  bytes: Buffer;
  from: string;
  to: string[];
}

/** A real SMTP server on the loopback, and what it took. */
export interface SmtpPeer {
  port: number;
  received: Received[];
  /** Connections that were made to it. */
  connections(): number;
  close(): Promise<void>;
}

/** Starts a real SMTP server; without options it takes everything, in clear. */
export async function startSmtp(options: SMTPServerOptions = {}): Promise<SmtpPeer> {
  const received: Received[] = [];
  let connections = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onConnect(_session, done) {
      connections += 1;
      done();
    },
    onData(stream, { envelope }, done) {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
        const to = envelope.rcptTo.map(({ address }) => address);
        received.push({ bytes: Buffer.concat(parts), from, to });
        done(null, "queued as 42");
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return {
    port: (server.server.address() as { port: number }).port,
    received,
    connections: () => connections,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The steps at which a server may answer otherwise. */
export type SmtpStep = "onConnect" | "onAuth" | "onMailFrom" | "onRcptTo" | "onData";

/** Options of a server that answers a code at one step. */
export function answering(step: SmtpStep, code: number): SMTPServerOptions {
  const error = Object.assign(new Error(`answer ${code}`), { responseCode: code });
  if (step === "onData")
    return {
      onData(stream, _session, done) {
        stream.resume();
        stream.on("end", () => done(error));
      },
    };
  return { [step]: (...args: unknown[]) => (args.at(-1) as (error: Error) => void)(error) };
}

/** What a server that speaks SMTP only so far does at a line that begins with `at`. */
export interface Lapse {
  at: string;
  how: "silence" | "hang up" | "drip";
}

/** A server that speaks SMTP up to a line and then fails; `lines` are those that it heard. */
export async function startFailingSmtp({ at, how }: Lapse): Promise<{
  port: number;
  lines: string[];
  /** Connections that still stand. */
  standing(): number;
  close(): void;
}> {
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    socket.write("220 relay\r\n");
    socket.on("data", (data) => {
      for (const line of data.toString("latin1").split("\r\n").slice(0, -1)) {
        lines.push(line);
        if (at === "." ? line === at : line.startsWith(at)) {
          if (how === "hang up") socket.destroy();
          if (how === "drip") timers.add(setInterval(() => socket.write("250-wait\r\n"), 50));
          continue;
        }
        const answer = answerTo(line);
        if (answer !== undefined) socket.write(`${answer}\r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return {
    port: (server.address() as { port: number }).port,
    lines,
    standing: () => sockets.size,
    close() {
      for (const timer of timers) clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function answerTo(line: string): string | undefined {
  if (line.startsWith("EHLO")) return "250 relay";
  if (line.startsWith("MAIL") || line.startsWith("RCPT")) return "250 ok";
  if (line === "DATA") return "354 go on";
  return line === "." ? "250 taken" : undefined;
}

/** Servers and folders for the tests of a file, each taken away after the test that asked for it. */
export function closedAfterEach() {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const kept = <T extends { close(): unknown }>(peer: T): T => {
    closing.push(() => peer.close());
    return peer;
  };
  return {
    relay: async (options?: SMTPServerOptions) => kept(await startSmtp(options)),
    failing: async (lapse: Lapse) => kept(await startFailingSmtp(lapse)),
    folder(): string {
      const made = mkdtempSync(join(tmpdir(), "tocsin-mail-"));
      closing.push(() => rmSync(made, { recursive: true, force: true }));
      return made;
    },
  };
}
