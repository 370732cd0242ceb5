// Sends a decision as a tool does. Usage: node decide.mjs DECLARATION VERSION SHA256 LOGIN CODE
import { createHmac, randomUUID } from "node:crypto";

const [declaration, version, sha256, delegate, code] = process.argv.slice(2);
const { TOCSIN_URL = "http://127.0.0.1:8470", TOCSIN_TOOL = "soc", TOCSIN_SECRET = "" } = process.env;

const body = JSON.stringify({
  declaration,
  version: Number(version),
  sha256,
  decision: "approved",
  delegate,
  code,
});
const id = randomUUID();
const timestamp = String(Math.floor(Date.now() / 1000));
const key = Buffer.from(TOCSIN_SECRET.replace(/^whsec_/, ""), "base64");
const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");

const response = await fetch(`${TOCSIN_URL}/api/v1/decisions`, {
  method: "POST",
  headers: {
    "content-type": "application/json",
    "tocsin-tool": TOCSIN_TOOL,
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${signature}`,
  },
  body,
});
process.stdout.write(`${response.status} ${await response.text()}\n`);
process.exitCode = response.ok ? 0 : 1;
