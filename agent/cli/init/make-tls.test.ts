import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openssl } from "../../../test/support/authority.ts";
import { describePeer } from "../../../test/support/peer.ts";
import { MICROSECONDS, systemClock } from "../../core/clock.ts";
import { isServerName, makeTls, TLS_FILES } from "./make-tls.ts";

const NAMES = ["tocsin.ch.example", "192.0.2.10", "2001:db8::a:10"];
const NOW = systemClock.now();
const make = (names = NAMES, now = NOW) => makeTls(folder, { names, facility: "CH Exemple, site Nord", now });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-tls-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: keyof typeof TLS_FILES) => join(folder, TLS_FILES[name]);
const run = (...words: string[]) => execFileSync("openssl", words, { stdio: "pipe", encoding: "utf8" });

describePeer(openssl, "the certificate of a new installation, as OpenSSL reads it", () => {
  it.each([
    ["-verify_hostname", "tocsin.ch.example"],
    ["-verify_hostname", "localhost"],
    ["-verify_ip", "192.0.2.10"],
    ["-verify_ip", "2001:db8::a:10"],
    ["-verify_ip", "127.0.0.1"],
    ["-verify_ip", "::1"],
  ])("is good for a server by %s %s, to the letter of X.509", async (how, name) => {
    await make();
    const words = ["-x509_strict", "-purpose", "sslserver", how, name, "-CAfile", at("authority")];
    expect(run("verify", ...words, at("certificate"))).toMatch(/: OK\n$/);
    expect(() => run("verify", ...words.toSpliced(-3, 1, "other.example"), at("certificate"))).toThrow();
  });

  it("ends when Apple's systems still take it, with a key of its own that only its owner reads", async () => {
    const { authority, certificate } = await make();
    expect(authority).toBe("made");
    const days = (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / 86_400_000;
    expect(days).toBeLessThanOrEqual(825);
    expect(certificate.validFromDate.getTime()).toBeLessThan(NOW / 1000);
    const publicOf = (...words: string[]) => run(...words, "-pubout");
    expect(publicOf("pkey", "-in", at("key"))).toBe(
      run("x509", "-in", at("certificate"), "-noout", "-pubkey"),
    );
    for (const name of ["key", "authorityKey"] as const) expect(statSync(at(name)).mode & 0o777).toBe(0o600);
  });

  it("comes of an authority that cannot sign for another name", async () => {
    await make();
    const [key, request, signed] = ["other.key", "other.csr", "other.pem"].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    for (const name of ["DNS:bank.example", "IP:198.51.100.1"]) {
      run(
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        "/CN=x",
        "-addext",
        `subjectAltName=${name}`,
        "-keyout",
        key,
        "-out",
        request,
      );
      run(
        "x509",
        "-req",
        "-in",
        request,
        "-CA",
        at("authority"),
        "-CAkey",
        at("authorityKey"),
        "-CAcreateserial",
        "-copy_extensions",
        "copy",
        "-out",
        signed,
      );
      expect(() => run("verify", "-CAfile", at("authority"), signed)).toThrow(/permitted subtree violation/);
    }
  });
});

describe("makeTls", () => {
  it("renews by the authority that is there, and leaves the files as readable as they were", async () => {
    await make();
    const [authority, before] = [readFileSync(at("authority")), readFileSync(at("certificate"))];
    execFileSync("chmod", ["0640", at("key")]);
    const { authority: which, certificate } = await make(NAMES.slice(0, 1), NOW + 400 * MICROSECONDS.day);
    expect(which).toBe("kept");
    expect(readFileSync(at("authority"))).toEqual(authority);
    expect(readFileSync(at("certificate"))).not.toEqual(before);
    expect(certificate.validToDate.getTime()).toBeGreaterThan(NOW / 1000 + 1200 * 86_400_000);
    expect(statSync(at("key")).mode & 0o777).toBe(0o640);
  });

  it("refuses a name that its authority may not sign for, and says what that would take", async () => {
    await make();
    const before = readFileSync(at("certificate"));
    await expect(make(["other.example"])).rejects.toMatchObject({ code: "name_not_of_authority" });
    await expect(make(["192.0.2.11"])).rejects.toMatchObject({ code: "name_not_of_authority" });
    expect(readFileSync(at("certificate"))).toEqual(before);
  });

  it("asks for the key of the authority when it is kept elsewhere, as it should be", async () => {
    await make();
    renameSync(at("authorityKey"), join(folder, "elsewhere"));
    await expect(make()).rejects.toMatchObject({ code: "authority_without_key", where: at("authorityKey") });
  });
});

describe("isServerName", () => {
  it.each([
    "tocsin",
    "tocsin.ch.example",
    "192.0.2.1",
    "2001:db8::1",
    "a-b.example",
    "xn--hpital-xxa.example",
  ])("takes %s", (name) => {
    expect(isServerName(name)).toBe(true);
  });
  it.each([
    "",
    ".",
    "a..b",
    "-a",
    "a b",
    "*.example",
    "https://a",
    "hôpital.example",
    "192.0.2",
    "192.0.2.300",
    "a\0",
    `${"a".repeat(64)}.example`,
    "a:1",
  ])("refuses %j", (name) => {
    expect(isServerName(name)).toBe(false);
  });
});
