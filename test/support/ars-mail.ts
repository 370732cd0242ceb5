import { createHash } from "node:crypto";
import type { Attempt, Filing, OpenWayOut } from "../../connectors/contract.ts";
import { arsMail } from "../../connectors/outbound/ars-mail/index.ts";
import { AT } from "./messages.ts";

export const RELAY_PASSWORD = "the relay's password";
/** Data of a declaration, its fingerprint and its text. */
export const BYTES = Buffer.from('{"reference":"2026-0007","text":"Déclaration"}');
export const SHA256 = createHash("sha256").update(BYTES).digest("hex");
export const TEXT = "DÉCLARATION\n\n1. Structure\nRaison sociale : CH de l'Été\n.\nFrom la salle serveur";

/** An approved declaration on its way to the ARS, with what differs. */
export const aFiling = (over: Partial<Filing> = {}): Filing => ({
  key: "deliver:ch-x:ars:declaration-1/1",
  kind: "declaration",
  facility: { id: "ch-x", name: "CH de l'Été" },
  incident: "incident-1",
  reference: "2026-0007",
  declaration: { id: "declaration-1", kind: "initial", version: 1, sha256: SHA256 },
  bytes: BYTES,
  text: TEXT,
  print: async () => Buffer.from("%PDF-1.7 printed"),
  exercise: false,
  ...over,
});

const SECRETS: Readonly<Record<string, string>> = { password: RELAY_PASSWORD };

/** The way out by mail to the ARS, by a server of the loopback. */
export function openArs(port: number, more: object = {}, secrets = SECRETS): OpenWayOut {
  const settings = {
    host: "127.0.0.1",
    port,
    security: "none",
    from: "direction@ch.example",
    to: ["alerte@ars.example"],
    contact: "Claire Petit, directrice de garde, 02 00 00 00 00",
    timeout_seconds: 1,
    ...more,
  };
  return arsMail.open(arsMail.config.parse(settings), (setting) => secrets[setting] ?? "");
}

/** An attempt's surroundings, at a fixed time. */
export const inTime = () => ({ now: AT, signal: AbortSignal.timeout(20_000) });

/** Sends one filing to the ARS. */
export function sendArs(
  port: number,
  filing = aFiling(),
  more: object = {},
  secrets = SECRETS,
): Promise<Attempt> {
  return openArs(port, more, secrets).send(filing, inTime());
}
