import type { Inbound } from "../../contract.ts";
import { decodeWazuh, parseWazuh } from "./parse.ts";

export const wazuh: Inbound = {
  name: "wazuh",
  summary: "Wazuh 4 alerts, as alerts.json and the integrations write them.",
  ways: ["text", "http"],
  parse: parseWazuh,
  decode: decodeWazuh,
  recognise,
};

const BEGINNING = 8192;

function recognise(text: string): { certainty: number; because: string } {
  const none = { certainty: 0, because: "no Wazuh rule" };
  const first = text.charCodeAt(0);
  if (first !== 0x7b && first !== 0x5b && first !== 0x20 && first !== 0xfeff) return none;
  const beginning = text.slice(0, BEGINNING);
  if (/^\s*\{"crit":\d+,"id":\d+,/.test(beginning)) return { certainty: 0.9, because: "it has crit and id" };
  const hasRule = /"rule"\s*:\s*\{/.test(beginning) && /"level"\s*:\s*"?\d/.test(beginning);
  if (hasRule && /"(?:agent|manager|decoder)"\s*:\s*\{/.test(text.slice(0, 65_536))) {
    return { certainty: 0.95, because: "it has a rule with a level and an agent, a manager or a decoder" };
  }
  return hasRule ? { certainty: 0.4, because: "it has a rule with a level" } : none;
}
