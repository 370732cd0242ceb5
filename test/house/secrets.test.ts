import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../support/documents.ts";
import { describePeer, peer } from "../support/peer.ts";

const git = peer("Git", "git", "apt-get install git");

/** What secrets look like, by who gives them out. */
const PATTERNS: Readonly<Record<string, RegExp>> = {
  "private key": /-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/,
  "OpenSSH key": /b3BlbnNzaC1rZXktdjE/,
  "PKCS #8 in base64": /\bM(?:IIEv[QgAw]|IGHAgEAMBM|IICXAIBAAKB|IIJQ[QgAw]|C4CAQAwBQYDK2V[uw])/,
  "age identity": /AGE-SECRET-KEY-1[0-9A-Z]{20,}/,
  "NATS seed": /\bS[UANOCX][A-Z2-7]{54,56}\b/,
  "GitHub token": /\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}/,
  "GitLab token": /\bglpat-[A-Za-z0-9_-]{20,}/,
  "npm token": /\bnpm_[A-Za-z0-9]{36}\b|_authToken=\S+/,
  "AWS key": /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  "Google key": /\bAIza[0-9A-Za-z_-]{35}\b/,
  "Slack token": /\bxox[abeprs]-[0-9A-Za-z-]{10,}|hooks\.slack\.com\/services\/T/,
  "Stripe key": /\b[sr]k_live_[0-9A-Za-z]{16,}/,
  "signed token": /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/,
  "Standard Webhooks secret": /\bwhsec_[A-Za-z0-9+/]{20,}/,
  "one-time code's secret": /otpauth:\/\/\S*secret=[A-Z2-7]{16,}/,
  "password in an address":
    /\b[a-z][a-z0-9+]{1,15}:\/\/[^\s/:@"'`<>{}$]{1,64}:[^\s/@"'`<>{}$]{4,64}@[a-z0-9]/i,
};

/** What only looks like one: file, pattern, why. */
const KNOWN: readonly [file: string, pattern: string, because: string][] = [
  [
    "agent/store/backup/age.test.ts",
    "age identity",
    "the example of age's own specification, known to everyone",
  ],
  ["config/bus.test.ts", "password in an address", "is refused there"],
  ["config/poll.test.ts", "password in an address", "is refused there"],
  ["config/store.test.ts", "password in an address", "is refused there"],
  ["connectors/shared/egress/proxy.test.ts", "password in an address", "is refused there"],
];

describePeer(git, "the repository", () => {
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  const files = listed.split("\0").filter((file) => file !== "" && file !== "test/house/secrets.test.ts");

  it("holds no secret: nothing in it looks like one but what is known not to be", () => {
    expect(files.length).toBeGreaterThan(500);
    const found = files.flatMap((file) => {
      const text = textOf(file);
      return Object.entries(PATTERNS).flatMap(([name, pattern]) =>
        pattern.test(text) ? [[file, name]] : [],
      );
    });
    expect(found).toEqual(KNOWN.map(([file, name]) => [file, name]));
  });

  it("holds no file of keys", () => {
    expect(
      files.filter((file) => /\.(pem|key|p12|pfx|jks|kdbx|env|age|sqlite)$|(^|\/)\.env/i.test(file)),
    ).toEqual([]);
  });
});

function textOf(file: string): string {
  try {
    return readFileSync(join(ROOT, file), "latin1");
  } catch {
    // Listed, and taken away since.
    return "";
  }
}

it.each<[string, string]>([
  ["private key", ["-----BEGIN", "EC PRIVATE KEY-----"].join(" ")],
  ["PKCS #8 in base64", `${"MC4CAQAwBQYDK2Vw"}BCIEIA`],
  ["NATS seed", `SU${"A".repeat(56)}`],
  ["GitHub token", `ghp_${"a1".repeat(18)}`],
  ["AWS key", `AKIA${"A1".repeat(8)}`],
  ["signed token", ["eyJhbGciOiJub25lIn0", "eyJzdWIiOiIxMjM0In0", "c2lnbmF0dXJl"].join(".")],
  ["password in an address", ["postgres://tocsin", "correct-horse@db.example.org/x"].join(":")],
])("a %s would be found", (name, text) => {
  expect(PATTERNS[name]?.test(`const given = "${text}";`)).toBe(true);
});
