// Sends a decision that the person signed with their own key. Usage: node decide-own-key.mjs DECLARATION VERSION SHA256 LOGIN KEY KEYFILE
import { createHash, createHmac, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";

const [declaration, version, sha256, delegate, key, file] = process.argv.slice(2);
const { TOCSIN_URL = "http://127.0.0.1:8470", TOCSIN_TOOL = "soc", TOCSIN_SECRET = "" } = process.env;
const { TOCSIN_FACILITY = "", TOCSIN_DECISION = "approved", TOCSIN_REASON = "" } = process.env;

// The person signs what they decide, one thing a line.
const signedAt = Math.floor(Date.now() / 1000);
const statement = [
  "tocsin-decision-1",
  TOCSIN_FACILITY,
  declaration,
  version,
  sha256,
  TOCSIN_DECISION,
  delegate,
  createHash("sha256").update(TOCSIN_REASON).digest("hex"),
  signedAt,
].join("\n");
const signature = sign(null, Buffer.from(statement), readFileSync(file)).toString("base64");

// The tool signs the message that carries it.
const body = JSON.stringify({
  declaration,
  version: Number(version),
  sha256,
  decision: TOCSIN_DECISION,
  delegate,
  own_key: { key, signed_at: signedAt, signature },
  ...(TOCSIN_REASON === "" ? {} : { reason: TOCSIN_REASON }),
});
const id = randomUUID();
const secret = Buffer.from(TOCSIN_SECRET.replace(/^whsec_/, ""), "base64");
const ours = createHmac("sha256", secret).update(`${id}.${signedAt}.${body}`).digest("base64");

const response = await fetch(`${TOCSIN_URL}/api/v1/decisions`, {
  method: "POST",
  headers: {
    "content-type": "application/json",
    "tocsin-tool": TOCSIN_TOOL,
    "webhook-id": id,
    "webhook-timestamp": String(signedAt),
    "webhook-signature": `v1,${ours}`,
  },
  body,
});
process.stdout.write(`${response.status} ${await response.text()}\n`);
process.exitCode = response.ok ? 0 : 1;
