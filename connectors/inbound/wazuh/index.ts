import { isoFromInstant } from "../../../agent/core/clock.ts";
import type { Inbound } from "../../contract.ts";
import { readsCut } from "../../shared/mend-json.ts";
import { hasAll, peekJson } from "../../shared/peek-json.ts";
import { decodeWazuh, listWazuh, parseWazuh } from "./parse.ts";
import { isOssec } from "./read-ossec.ts";

export const wazuh: Inbound = {
  name: "wazuh",
  summary: "Wazuh 4 alerts and archives (JSON, indexed documents, syslog output) and Wazuh 5 findings.",
  ways: ["text", "http"],
  begins: ["{", "[{", "Alert Level: ", "ossec: Alert Level: "],
  example: (text, at) =>
    JSON.stringify({
      ...{ timestamp: isoFromInstant(at), full_log: text, location: "tocsin" },
      rule: { level: 0, id: "1", description: "Canary of Tocsin" },
      agent: { id: "000", name: "tocsin" },
      manager: { name: "tocsin" },
      decoder: { name: "tocsin" },
    }),
  parse: readsCut(parseWazuh),
  decode: decodeWazuh,
  list: listWazuh,
  recognise,
};

function recognise(text: string): { certainty: number; because: string } {
  const none = { certainty: 0, because: "no Wazuh rule" };
  if (isOssec(text)) return { certainty: 0.97, because: "it begins with Alert Level" };
  const told = peekJson(text);
  if (told.has("crit") && told.has("id")) return { certainty: 0.9, because: "it has crit and id" };
  for (const within of ["wazuh.rule", "wazuh.agent", "wazuh.integration", "wazuh.protocol"]) {
    if (told.has(within)) return { certainty: 0.95, because: `it has ${within}` };
  }
  if (told.has("win.system")) return { certainty: 0.95, because: "it has win.system, as an agent writes it" };
  if (hasAll(told, "agent", "manager", "decoder", "location"))
    return { certainty: 0.95, because: "it has an agent, a manager, a decoder and a location" };
  const indexed = told.has("_source.rule");
  const ruled = told.has("rule.level") || indexed;
  const known = ["agent", "manager", "decoder", "_source.agent", "_source.manager", "_source.decoder"];
  if (ruled && known.some((name) => told.has(name))) {
    return { certainty: 0.95, because: "it has a rule with a level and an agent, a manager or a decoder" };
  }
  if (told.has("_source.wazuh")) return { certainty: 0.95, because: "it is an indexed document with wazuh" };
  return ruled ? { certainty: 0.6, because: "it has a rule with a level" } : none;
}
