import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { peer } from "./peer.ts";

/** What makes the certificates. */
export const openssl = peer("OpenSSL", "openssl", "apt-get install openssl");

/** One certificate. */
export interface Issued {
  /** Where it is, and its key, in PEM. */
  files: { certificate: string; key: string };
  /** SHA-256, as OpenSSL prints it. */
  fingerprint: string;
}

/** An authority of a test, in a folder of its own. */
export interface Authority {
  /** Its own certificate. */
  file: string;
  ca: Buffer;
  /** Signs a certificate for a common name and DNS names; `days` may be negative: it has expired. */
  issue(name: string, options?: IssueOptions): Issued;
}

export interface IssueOptions {
  commonName?: string;
  dns?: string[];
  days?: number;
  /** What `openssl req` makes the key by. (Default: EC on P-256.) */
  key?: readonly string[];
  /** Further extensions, as `openssl req -addext` takes them. */
  extensions?: readonly string[];
}

/** What makes an EC key on a curve. */
export const ecKey = (curve: string) => ["-newkey", "ec", "-pkeyopt", `ec_paramgen_curve:${curve}`, "-nodes"];
const CURVE = ecKey("prime256v1");

/** Makes an authority with OpenSSL. */
export function makeAuthority(folder: string): Authority {
  mkdirSync(folder, { recursive: true });
  const at = (file: string) => join(folder, file);
  const run = (...words: string[]) => execFileSync("openssl", words, { stdio: "pipe", encoding: "utf8" });
  const file = at("authority.pem");
  const subject = ["-subj", "/CN=Test authority"];
  run("req", "-x509", ...CURVE, "-days", "30", ...subject, "-keyout", at("authority.key"), "-out", file);
  return {
    file,
    ca: readFileSync(file),
    issue(name, { commonName = name, dns = [], days = 2, key: made = CURVE, extensions: more = [] } = {}) {
      const [certificate, key, request] = [at(`${name}.pem`), at(`${name}.key`), at(`${name}.csr`)];
      const names = dns.length === 0 ? [] : ["-addext", `subjectAltName=${dns.map((each) => `DNS:${each}`)}`];
      names.push(...more.flatMap((each) => ["-addext", each]));
      run("req", ...made, "-subj", `/CN=${commonName}`, ...names, "-keyout", key, "-out", request);
      const signer = ["-CA", file, "-CAkey", at("authority.key"), "-CAcreateserial"];
      const extensions = ["-copy_extensions", "copy", "-days", String(days)];
      run("x509", "-req", "-in", request, ...signer, ...extensions, "-out", certificate);
      const [, fingerprint = ""] = run("x509", "-in", certificate, "-noout", "-fingerprint", "-sha256").split(
        "=",
      );
      return { files: { certificate, key }, fingerprint: fingerprint.trim() };
    },
  };
}
