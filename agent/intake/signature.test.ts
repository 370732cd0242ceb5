import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Signature, type SignatureScheme, schemeOf } from "../../config/signature.ts";
import { NIGHT } from "../../test/support/store-samples.ts";
import { verifySignature } from "./signature.ts";

const secret = { file: "shared.secret" };
const SECONDS = NIGHT / 1_000_000;
const check = (configured: unknown, key = "a shared secret") => ({
  scheme: schemeOf(Signature.parse(configured)),
  key: Buffer.from(key),
});
const hmac = (text: string, { algorithm, encoding }: Pick<SignatureScheme, "algorithm" | "encoding">) =>
  createHmac(algorithm, "a shared secret").update(text).digest(encoding);
const hex = { algorithm: "sha256", encoding: "hex" } as const;

describe("verifySignature", () => {
  it("agrees with the example that GitHub publishes", () => {
    const headers = {
      "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    };
    const github = check({ scheme: "github", secret }, "It's a Secret to Everybody");
    const at = { headers, now: NIGHT };
    expect(verifySignature(github, { ...at, body: Buffer.from("Hello, World!") }).outcome).toBe("valid");
    expect(verifySignature(github, { ...at, body: Buffer.from("Hello, World?") }).outcome).toBe("refused");
  });

  const body = '{"état":"\u00e9"}';
  const custom = {
    scheme: "custom",
    secret,
    header: "X-Mac",
    signed: "{timestamp}.{body}",
    timestamp_header: "X-At",
  };
  it.each([
    ["grafana", { scheme: "grafana", secret }, { "x-grafana-alerting-signature": hmac(body, hex) }],
    [
      "grafana with a timestamp",
      { scheme: "grafana", secret, timestamp_header: "X-Grafana-Time" },
      { "x-grafana-time": String(SECONDS), "x-grafana-alerting-signature": hmac(`${SECONDS}:${body}`, hex) },
    ],
    ["sentry", { scheme: "sentry", secret }, { "sentry-hook-signature": hmac(body, hex) }],
    ["signal-sciences", { scheme: "signal-sciences", secret }, { "x-sigsci-signature": hmac(body, hex) }],
    [
      "pagerduty, the second of two secrets",
      { scheme: "pagerduty", secret },
      { "x-pagerduty-signature": `v1=${"0".repeat(64)},v1=${hmac(body, hex)}` },
    ],
    [
      "slack",
      { scheme: "slack", secret },
      {
        "x-slack-request-timestamp": String(SECONDS),
        "x-slack-signature": `v0=${hmac(`v0:${SECONDS}:${body}`, hex)}`,
      },
    ],
    [
      "custom, in base64 of SHA-512 over milliseconds",
      { ...custom, algorithm: "sha512", encoding: "base64", prefix: "mac " },
      {
        "x-at": String(SECONDS * 1000),
        "x-mac": `mac ${hmac(`${SECONDS * 1000}.${body}`, { algorithm: "sha512", encoding: "base64" })}`,
      },
    ],
    [
      "custom, in upper-case hexadecimal over a date",
      { ...custom, algorithm: "sha1" },
      {
        "x-at": "2026-06-07T00:12:00Z",
        "x-mac": hmac(`2026-06-07T00:12:00Z.${body}`, { algorithm: "sha1", encoding: "hex" }).toUpperCase(),
      },
    ],
  ])("takes what %s signs, and not one byte of another body", (_what, configured, headers) => {
    const bytes = Buffer.from(body);
    const given = { headers, now: NIGHT };
    expect(verifySignature(check(configured), { ...given, body: bytes })).toEqual({ outcome: "valid" });
    for (const at of [0, bytes.length - 1]) {
      const other = Buffer.from(bytes);
      other[at] = (other[at] ?? 0) ^ 1;
      expect(verifySignature(check(configured), { ...given, body: other })).toMatchObject({
        code: "bad_signature",
      });
    }
    for (const name of Object.keys(headers)) {
      const less = Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name));
      expect(verifySignature(check(configured), { headers: less, now: NIGHT, body: bytes })).toMatchObject({
        code: "bad_signature",
      });
    }
  });

  it.each([
    ["old", SECONDS - 301, "stale_timestamp"],
    ["ahead", SECONDS + 301, "stale_timestamp"],
    ["no number", "yesterday", "stale_timestamp"],
    ["empty", "", "stale_timestamp"],
    ["just within", SECONDS - 300, undefined],
  ])("judges a signed timestamp that is %s by our clock", (_what, at, code) => {
    const headers = { "x-at": String(at), "x-mac": hmac(`${at}.${body}`, hex) };
    const outcome = verifySignature(check(custom), { headers, body: Buffer.from(body), now: NIGHT });
    expect(outcome.outcome === "refused" ? outcome.code : undefined).toBe(code);
  });

  it.each([
    ["nothing", ""],
    ["the prefix alone", "sha256="],
    ["too short a digest", "sha256=75"],
    ["a digest without its prefix", hmac(body, hex)],
    ["two where one is sent", `sha256=0,sha256=${hmac(body, hex)}`],
    ["text that is no digest", `sha256=${"é".repeat(32)}`],
  ])("refuses %s for a signature", (_what, signature) => {
    const headers = { "x-hub-signature-256": signature };
    const given = { headers, body: Buffer.from(body), now: NIGHT };
    expect(verifySignature(check({ scheme: "github", secret }), given)).toMatchObject({
      code: "bad_signature",
    });
  });
});

describe("a configured signature", () => {
  it.each([
    ["an unknown scheme", { scheme: "md5", secret }],
    ["no secret", { scheme: "github" }],
    ["an inline secret", { scheme: "github", secret: "hush" }],
    ["a custom scheme without its header", { scheme: "custom", secret }],
    [
      "a custom scheme that signs no body",
      { ...{ scheme: "custom", secret, header: "x" }, signed: "{timestamp}" },
    ],
    ["a time that is not signed", { scheme: "custom", secret, header: "x", timestamp_header: "t" }],
    ["a time that no header tells", { scheme: "custom", secret, header: "x", signed: "{timestamp}{body}" }],
    ["a time for a sender that has its own", { scheme: "slack", secret, timestamp_header: "t" }],
    ["a header that is none", { scheme: "custom", secret, header: "x y" }],
  ])("is refused with %s", (_what, configured) => {
    expect(Signature.safeParse(configured).success).toBe(false);
  });
});
