import { isoFromInstant } from "../../../agent/core/clock.ts";
import type { Inbound } from "../../contract.ts";
import { peekJson } from "../../shared/peek-json.ts";
import { decodeAlertmanager, listAlertmanager, parseAlertmanager } from "./parse.ts";

export const alertmanager: Inbound = {
  name: "alertmanager",
  summary: "Prometheus Alertmanager and Grafana: webhooks, and the alerts of API version 2.",
  ways: ["http", "text"],
  begins: ["{", "["],
  example: (text, at) =>
    JSON.stringify({
      ...{ version: "4", groupKey: "tocsin", receiver: "tocsin", status: "firing" },
      alerts: [
        {
          ...{ status: "firing", startsAt: isoFromInstant(at) },
          labels: { alertname: "TocsinCanary" },
          annotations: { summary: text },
        },
      ],
    }),
  parse: parseAlertmanager,
  decode: decodeAlertmanager,
  list: listAlertmanager,
  recognise,
};

function recognise(text: string): { certainty: number; because: string } {
  const told = peekJson(text);
  if (
    told.has("alerts") &&
    ["groupKey", "groupLabels", "receiver", "commonLabels"].some((name) => told.has(name))
  )
    return { certainty: 0.97, because: "it has alerts and their group" };
  if (told.has("labels") && told.has("startsAt"))
    return { certainty: 0.95, because: "it has labels and startsAt" };
  return { certainty: 0, because: "neither alerts nor labels with startsAt" };
}
