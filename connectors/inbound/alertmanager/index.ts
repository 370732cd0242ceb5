import type { Inbound } from "../../contract.ts";
import { decodeAlertmanager, parseAlertmanager } from "./parse.ts";

export const alertmanager: Inbound = {
  name: "alertmanager",
  summary: "Prometheus Alertmanager and Grafana webhooks (version 4).",
  ways: ["http", "text"],
  parse: parseAlertmanager,
  decode: decodeAlertmanager,
  recognise,
};

const BEGINNING = 65_536;

function recognise(text: string): { certainty: number; because: string } {
  const first = text.charCodeAt(0);
  if (first !== 0x7b && first !== 0x20 && first !== 0xfeff)
    return { certainty: 0, because: "no JSON object" };
  const beginning = text.slice(0, BEGINNING);
  if (
    /"alerts"\s*:\s*\[/.test(beginning) &&
    /"(?:groupKey|groupLabels|receiver|commonLabels)"\s*:/.test(beginning)
  ) {
    return { certainty: 0.95, because: "it has alerts and their group" };
  }
  if (/"labels"\s*:\s*\{/.test(beginning) && /"startsAt"\s*:/.test(beginning)) {
    return { certainty: 0.9, because: "it has labels and startsAt" };
  }
  return { certainty: 0, because: "neither alerts nor labels with startsAt" };
}
