import type { Filing } from "../../connectors/contract.ts";

/** An approved text on its way out, as a way out is given it. */
export const FILING: Filing = {
  key: "deliver:ch-x:sortie:declaration-1/1",
  kind: "declaration",
  facility: { id: "ch-x", name: "CH X" },
  incident: "incident-1",
  reference: "2026-0001",
  declaration: { id: "declaration-1", kind: "initial", version: 1, sha256: "ab".repeat(32) },
  bytes: Buffer.from('{"facility":{"id":"ch-x","name":"CH X"},"sections":[],"text":"DÉCLARATION"}'),
  text: "DÉCLARATION",
  print: async () => Buffer.from("%PDF-1.7"),
  exercise: false,
};
