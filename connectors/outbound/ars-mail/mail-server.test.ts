import type { SMTPServerOptions } from "smtp-server";
import { describe, expect, it } from "vitest";
import { aFiling, inTime, openArs, RELAY_PASSWORD, sendArs } from "../../../test/support/ars-mail.ts";
import { AT } from "../../../test/support/messages.ts";
import { answering, closedAfterEach } from "../../../test/support/smtp-peer.ts";

const { relay, failing } = closedAfterEach();

describe("what the mail server answers", () => {
  it.each([
    ["onConnect", 421, "unreachable", false],
    ["onConnect", 554, "refused", false],
    ["onMailFrom", 451, "unreachable", false],
    ["onMailFrom", 550, "refused", false],
    ["onRcptTo", 450, "unreachable", false],
    ["onRcptTo", 452, "unreachable", false],
    ["onRcptTo", 550, "refused", false],
    ["onData", 451, "unreachable", true],
    ["onData", 452, "unreachable", true],
    ["onData", 554, "refused", true],
  ] as const)("%s %i is %s", async (step, code, outcome, left) => {
    const { port } = await relay(answering(step, code));
    const attempt = await sendArs(port);
    expect(attempt).toMatchObject({ outcome, because: expect.stringContaining(String(code)) });
    expect(attempt.sent !== undefined).toBe(left);
  });

  it.each([
    ["says nothing after EHLO", "EHLO", "silence", "unreachable"],
    ["drips after EHLO", "EHLO", "drip", "unreachable"],
    ["hangs up at RCPT", "RCPT", "hang up", "unreachable"],
    ["hangs up at DATA", "DATA", "hang up", "unreachable"],
    ["says nothing once it has the text", ".", "silence", "uncertain"],
    ["drips once it has the text", ".", "drip", "uncertain"],
    ["hangs up once it has the text", ".", "hang up", "uncertain"],
    ["hangs up after taking it", "QUIT", "hang up", "delivered"],
  ] as const)("a server that %s: %s %s is %s", async (_, at, how, outcome) => {
    const { port } = await failing({ at, how });
    const attempt = await sendArs(port);
    expect(attempt.outcome).toBe(outcome);
    expect(attempt.sent !== undefined).toBe(outcome !== "unreachable");
    if (outcome === "uncertain") expect(attempt.because).toContain("il a pu partir");
  });

  it("cuts the line when it gives up, so that what was given up on does not arrive", async () => {
    const { port, lines, standing } = await failing({ at: "MAIL", how: "drip" });
    expect((await sendArs(port)).outcome).toBe("unreachable");
    await expect.poll(standing).toBe(0);
    expect(lines.some((line) => line.startsWith("RCPT") || line === "DATA")).toBe(false);
  });

  it("names who was refused when others were not", async () => {
    const { port, received } = await relay({
      onRcptTo: ({ address }, _session, done) =>
        done(
          address.startsWith("gone") ? Object.assign(new Error("no such user"), { responseCode: 550 }) : null,
        ),
    });
    const to = ["gone@ars.example", "alerte@ars.example"];
    const attempt = await sendArs(port, aFiling(), { to });
    expect(attempt).toMatchObject({
      outcome: "delivered",
      because: expect.stringContaining("Refusé pour gone@ars.example (550 no such user)."),
    });
    expect(received[0]?.to).toEqual(["alerte@ars.example"]);
    expect(await sendArs(port, aFiling(), { to: ["gone@ars.example"] })).toMatchObject({
      outcome: "refused",
    });
  });

  it("is tried again when those who were not refused for good were put off", async () => {
    const codes: Record<string, number> = { gone: 550, busy: 450 };
    const { port } = await relay({
      onRcptTo: ({ address }, _session, done) =>
        done(Object.assign(new Error("no"), { responseCode: codes[address.split("@")[0] ?? ""] })),
    });
    const to = ["gone@ars.example", "busy@ars.example"];
    expect(await sendArs(port, aFiling(), { to })).toMatchObject({ outcome: "unreachable" });
    expect(await sendArs(port, aFiling(), { to: to.toReversed() })).toMatchObject({ outcome: "unreachable" });
  });

  it("does not hand a declaration in clear to a server that has no STARTTLS", async () => {
    const { port, lines } = await failing({ at: "never", how: "silence" });
    const attempt = await sendArs(port, aFiling(), { security: "starttls" });
    expect(attempt.outcome).toBe("unreachable");
    expect(attempt.sent).toBeUndefined();
    expect(lines.some((line) => line.startsWith("MAIL"))).toBe(false);
  });

  it("is refused by a server that takes nothing as large, before it leaves", async () => {
    const { port } = await relay({ size: 500 });
    const attempt = await sendArs(port);
    expect(attempt).toMatchObject({ outcome: "refused", because: expect.stringContaining("size") });
    expect(attempt.sent).toBeUndefined();
  });

  it("is unreachable where nobody listens, and when the program stops", async () => {
    expect(await sendArs(1)).toMatchObject({ outcome: "unreachable" });
    const { port } = await relay();
    const attempt = await openArs(port).send(aFiling(), { now: AT, signal: AbortSignal.abort() });
    expect(attempt.outcome).toBe("unreachable");
  });

  it("keeps nothing of an answer that steers a terminal, and little of a long one", async () => {
    const { port } = await relay({
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error(`\u001b[31m${"x".repeat(2000)}`), { responseCode: 550 })),
    });
    const { because } = await sendArs(port);
    expect(because).not.toMatch(/[\u0000-\u001f]/);
    expect(because.length).toBeLessThan(400);
  });

  it("asks for a report of delivery where the server gives any", async () => {
    const dsn: unknown[] = [];
    const { port } = await relay({
      hideDSN: false,
      onRcptTo: (address, _session, done) => {
        dsn.push((address as { dsn?: unknown }).dsn);
        done();
      },
    } as SMTPServerOptions);
    await sendArs(port);
    expect(dsn).toEqual([{ notify: ["SUCCESS", "FAILURE", "DELAY"] }]);
  });
});

describe("whether it could be sent just now", () => {
  it("greets the server, signs in and leaves, and sends nothing", async () => {
    const { port, lines } = await failing({ at: "never", how: "silence" });
    expect(await openArs(port).probe?.(inTime())).toEqual({
      reachable: true,
      because: "Le serveur de messagerie 127.0.0.1 répond.",
    });
    await expect.poll(() => lines.at(-1)).toBe("QUIT");
    expect(lines.map((line) => line.slice(0, 4))).toEqual(["EHLO", "QUIT"]);
  });

  it("says so when the password is refused, without the password", async () => {
    const { port } = await relay(answering("onAuth", 535));
    const login = { username: "u", password: { env: "P" } };
    const found = await openArs(port, login).probe?.(inTime());
    expect(found).toMatchObject({ reachable: false, because: expect.stringContaining("535") });
    expect(JSON.stringify(found)).not.toContain(RELAY_PASSWORD);
    const { port: other } = await relay({
      onAuth: ({ password }, _session, done) => done(null, { user: password === RELAY_PASSWORD ? "u" : "" }),
    });
    expect(await openArs(other, login).probe?.(inTime())).toMatchObject({ reachable: true });
  });

  it.each([
    ["says nothing", { at: "EHLO", how: "silence" }],
    ["drips", { at: "EHLO", how: "drip" }],
    ["hangs up", { at: "EHLO", how: "hang up" }],
  ] as const)("is not when the server %s", async (_, lapse) => {
    const { port, standing } = await failing(lapse);
    expect(await openArs(port).probe?.(inTime())).toMatchObject({ reachable: false });
    await expect.poll(standing).toBe(0);
  });

  it("is not when the program stops, and nothing is left behind", async () => {
    const { port, connections } = await relay();
    const found = await openArs(port).probe?.({ now: AT, signal: AbortSignal.abort() });
    expect(found).toMatchObject({ reachable: false });
    expect(connections()).toBe(0);
  });

  it("is not where nobody listens", async () => {
    expect(await openArs(1).probe?.(inTime())).toMatchObject({ reachable: false });
  });
});
