import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Makes an authority and one certificate for all of the names (`IP:…`, `DNS:…`), as PEM files of a folder. */
export function certify(
  folder: string,
  names: readonly string[],
): { authority: string; certificate: string; key: string } {
  mkdirSync(folder, { recursive: true });
  const at = (name: string) => join(folder, name);
  const openssl = (...words: string[]) => execFileSync("openssl", words, { stdio: "ignore" });
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const [authority, certificate, key] = [at("authority.pem"), at("certificate.pem"), at("key.pem")];
  openssl(
    "req",
    "-x509",
    ...ec,
    "-days",
    "30",
    "-keyout",
    at("authority.key"),
    "-out",
    authority,
    "-subj",
    "/CN=Test authority",
  );
  openssl("req", ...ec, "-keyout", key, "-out", at("request.csr"), "-subj", "/CN=cluster.test");
  writeFileSync(at("names.txt"), `subjectAltName=${names.join(",")}\n`);
  const signing = [
    "-CA",
    authority,
    "-CAkey",
    at("authority.key"),
    "-CAcreateserial",
    "-extfile",
    at("names.txt"),
  ];
  openssl("x509", "-req", "-in", at("request.csr"), "-days", "30", ...signing, "-out", certificate);
  // Read by servers of other accounts; it is of this test only.
  for (const file of [authority, certificate, key]) chmodSync(file, 0o644);
  return { authority, certificate, key };
}
