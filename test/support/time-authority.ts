import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ecKey, makeAuthority } from "./authority.ts";

/** A time-stamping authority (RFC 3161) of a test, by OpenSSL. */
export interface TimeAuthority {
  /** The authority that its certificate leads to: a file, and its text. */
  file: string;
  pem: string;
  /** Answers a query as it would over HTTP; by a certificate of another use when told. */
  answer(query: Uint8Array, by?: "server"): Buffer;
  /** The answer of one that says no. */
  refusal(): Buffer;
  /** Puts bytes into a file of its folder. */
  keep(bytes: Uint8Array): string;
}

export function makeTimeAuthority(
  folder: string,
  { key = "rsa" }: { key?: "rsa" | "ec" } = {},
): TimeAuthority {
  mkdirSync(folder, { recursive: true });
  const authority = makeAuthority(folder);
  const made = key === "rsa" ? ["-newkey", "rsa:2048", "-nodes"] : ecKey("prime256v1");
  const own = authority.issue("tsa", {
    key: made,
    extensions: ["extendedKeyUsage=critical,timeStamping", "keyUsage=critical,digitalSignature"],
  });
  const config = join(folder, "tsa.cnf");
  const serial = join(folder, "serial");
  writeFileSync(serial, "01\n");
  writeFileSync(
    config,
    [
      "[tsa]",
      "default_tsa = one",
      "[one]",
      `serial = ${serial}`,
      "default_policy = 1.2.3.4.1",
      "digests = sha256",
      "signer_digest = sha256",
    ].join("\n"),
  );
  let n = 0;
  const keep = (bytes: Uint8Array) => {
    const file = join(folder, `kept-${++n}`);
    writeFileSync(file, bytes);
    return file;
  };
  const reply = (query: Uint8Array, options: string[]) => {
    const out = join(folder, `reply-${++n}`);
    const given = ["ts", "-reply", "-config", config, "-queryfile", keep(query), "-out", out, ...options];
    execFileSync("openssl", given, { stdio: "pipe" });
    return readFileSync(out);
  };
  const { certificate, key: secret } = own.files;
  return {
    file: authority.file,
    pem: readFileSync(authority.file, "utf8"),
    keep,
    answer(query, by) {
      const stamp = () => reply(query, ["-signer", certificate, "-inkey", secret]);
      if (by === undefined) return stamp();
      // What the authority said, signed again by a certificate of the same authority that is for web servers, and was
      // in force at that second.
      const other = authority.issue("server", { extensions: ["extendedKeyUsage=serverAuth"] }).files;
      const answered = stamp();
      const [said, signed, token] = ["said", "signed", "token"].map((name) =>
        join(folder, `${name}-${++n}`),
      ) as [string, string, string];
      const run = (...given: string[]) => execFileSync("openssl", given, { stdio: "pipe" });
      run("ts", "-reply", "-in", keep(answered), "-token_out", "-out", token);
      run("cms", "-verify", "-noverify", "-inform", "DER", "-in", token, "-out", said);
      const type = ["-econtent_type", "1.2.840.113549.1.9.16.1.4"];
      const signer = ["-signer", other.certificate, "-inkey", other.key, "-md", "sha256"];
      run(
        "cms",
        "-sign",
        "-binary",
        "-nodetach",
        ...type,
        ...signer,
        "-in",
        said,
        "-outform",
        "DER",
        "-out",
        signed,
      );
      // TimeStampResp: a status of 0, granted, then the token.
      return sequence(Buffer.concat([sequence(Buffer.from([2, 1, 0])), readFileSync(signed)]));
    },
    // SHA-1 is none of the digests that it takes.
    refusal() {
      const query = join(folder, `query-${++n}`);
      execFileSync("openssl", ["ts", "-query", "-data", config, "-sha1", "-out", query], { stdio: "pipe" });
      return reply(readFileSync(query), ["-signer", certificate, "-inkey", secret]);
    },
  };
}

/** A DER SEQUENCE of what is within it. */
function sequence(within: Buffer): Buffer {
  const { length } = within;
  const head = length < 128 ? [0x30, length] : [0x30, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), within]);
}
