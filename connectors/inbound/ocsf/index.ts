import type { Inbound } from "../../contract.ts";
import { readsCut } from "../../shared/mend-json.ts";
import { peekJson } from "../../shared/peek-json.ts";
import { decodeOcsf, listOcsf, parseOcsf } from "./parse.ts";

export const ocsf: Inbound = {
  name: "ocsf",
  summary: "Open Cybersecurity Schema Framework (OCSF) 1.x: findings, authentication, processes, network…",
  ways: ["text", "http"],
  begins: ["{", "["],
  example: (text, at) =>
    JSON.stringify({
      ...{ class_uid: 2004, category_uid: 2, type_uid: 200401, activity_id: 1, severity_id: 1 },
      ...{ time: Math.floor(at / 1000), message: text },
      metadata: { version: "1.3.0", product: { name: "Tocsin", vendor_name: "Tocsin" } },
    }),
  parse: readsCut(parseOcsf),
  decode: decodeOcsf,
  list: listOcsf,
  recognise(text) {
    const told = peekJson(text);
    if (!told.has("class_uid")) {
      return told.has("type_uid") && told.has("metadata")
        ? { certainty: 0.9, because: "it has type_uid and metadata" }
        : { certainty: 0, because: "it has no class_uid" };
    }
    const sign = ["metadata", "category_uid", "type_uid", "activity_id", "severity_id"].find((name) =>
      told.has(name),
    );
    return sign === undefined
      ? { certainty: 0.3, because: "it has class_uid and nothing else of OCSF" }
      : { certainty: 0.96, because: `it has class_uid and ${sign}` };
  },
};
