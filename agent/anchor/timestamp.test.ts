import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openssl } from "../../test/support/authority.ts";
import { describePeer } from "../../test/support/peer.ts";
import { makeTimeAuthority, type TimeAuthority } from "../../test/support/time-authority.ts";
import { systemClock } from "../core/clock.ts";
import { askForTimestamp, checkTimestamp } from "./timestamp.ts";

const BYTES = Buffer.from('{"facility":"chv","seq":12}');

describePeer(openssl, "a time-stamp by OpenSSL", () => {
  let folder: string;
  let own: TimeAuthority;
  let foreign: TimeAuthority;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-time-"));
    own = makeTimeAuthority(join(folder, "own"));
    foreign = makeTimeAuthority(join(folder, "foreign"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(["rsa", "ec"] as const)("by a key of %s is asked for, read, and verified offline", async (kind) => {
    const authority = makeTimeAuthority(join(folder, kind), { key: kind });
    const { query, read } = await askForTimestamp(BYTES);
    const stamped = await read(authority.answer(query), authority.pem);
    expect(stamped).toMatchObject({ outcome: "stamped" });
    const { token = Buffer.alloc(0), at = 0 } = stamped as { token?: Buffer; at?: number };
    expect(Math.abs(at - systemClock.now())).toBeLessThan(60_000_000);
    expect(await checkTimestamp(token, BYTES, authority.pem)).toMatchObject({ at });
    // OpenSSL reads the same in it.
    const [data, file] = [join(folder, "data"), join(folder, "token")];
    writeFileSync(data, BYTES);
    writeFileSync(file, token);
    const given = ["ts", "-verify", "-data", data, "-in", file, "-token_in", "-CAfile", authority.file];
    expect(execFileSync("openssl", given, { encoding: "utf8", stdio: "pipe" })).toContain("Verification: OK");
    const text = execFileSync("openssl", ["ts", "-query", "-in", own.keep(query), "-text"], {
      encoding: "utf8",
      stdio: "pipe",
    });
    expect(text).toMatch(/Hash Algorithm: sha256[\s\S]*Certificate required: yes/);
  });

  it.each<[string, (query: Buffer) => Promise<Buffer> | Buffer, () => string, RegExp]>([
    ["by another authority", (query) => foreign.answer(query), () => own.pem, /./],
    [
      "to another question",
      async () => own.answer((await askForTimestamp(BYTES)).query),
      () => own.pem,
      /another question/,
    ],
    [
      "of something else",
      async () => own.answer((await askForTimestamp(Buffer.from("x"))).query),
      () => own.pem,
      /something else/,
    ],
    [
      "by a certificate that is for something else",
      (query) => own.answer(query, "server"),
      () => own.pem,
      /not for time-stamps/,
    ],
    ["that says no", () => own.refusal(), () => own.pem, /did not grant/],
    ["cut short", (query) => own.answer(query).subarray(0, -9), () => own.pem, /./],
    [
      "with a changed byte",
      (query) => {
        const answer = Buffer.from(own.answer(query));
        answer[answer.length - 3] = (answer[answer.length - 3] ?? 0) ^ 1;
        return answer;
      },
      () => own.pem,
      /./,
    ],
    ["that is empty", () => Buffer.alloc(0), () => own.pem, /./],
    ["that is a page", () => Buffer.from("<html>busy</html>"), () => own.pem, /./],
  ])("%s is not taken", async (_what, answer, authority, because) => {
    const { query, read } = await askForTimestamp(BYTES);
    const found = await read(await answer(query), authority());
    expect(found).toMatchObject({ outcome: "refused", because: expect.stringMatching(because) });
  });

  it("of other bytes proves nothing of these", async () => {
    const { query, read } = await askForTimestamp(BYTES);
    const { token = Buffer.alloc(0) } = (await read(own.answer(query), own.pem)) as { token?: Buffer };
    expect(await checkTimestamp(token, Buffer.from("other"), own.pem)).toEqual({
      because: "it is of something else",
    });
    expect(await checkTimestamp(token, BYTES, readFileSync(foreign.file, "utf8"))).toHaveProperty("because");
  });
});
