import type { Draft } from "../draft.ts";

/** `HOST ALERT: host;STATE;TYPE;attempt;output` and its kin; notifications begin with the contact. */
const KINDS: Readonly<Record<string, { action: string; host: number; service?: number; state: number }>> = {
  "HOST ALERT": { action: "host_alert", host: 0, state: 1 },
  "CURRENT HOST STATE": { action: "host_state", host: 0, state: 1 },
  "HOST NOTIFICATION": { action: "host_notification", host: 1, state: 2 },
  "SERVICE ALERT": { action: "service_alert", host: 0, service: 1, state: 2 },
  "CURRENT SERVICE STATE": { action: "service_state", host: 0, service: 1, state: 2 },
  "SERVICE NOTIFICATION": { action: "service_notification", host: 1, service: 2, state: 3 },
};

/** Reads what Nagios and its family (Centreon, Icinga, Naemon) log of a host or service: the alert is about that host. */
export const readNagios = ({ alert, event }: Draft, message: string): void => {
  const colon = message.indexOf(": ");
  const kind = colon < 0 || colon > 30 ? undefined : KINDS[message.slice(0, colon)];
  if (kind === undefined) return;
  const parts = message.slice(colon + 2, colon + 2 + 4096).split(";", 5);
  const host = parts[kind.host]?.trim();
  if (host === undefined || host === "") return;
  const reporter = alert.host?.name;
  if (reporter !== undefined) alert.observer = { ...alert.observer, hostname: reporter };
  alert.host = { name: host.slice(0, 255) };
  const service = kind.service === undefined ? undefined : parts[kind.service]?.trim();
  const state = parts[kind.state]?.trim();
  if (service)
    alert.service = { name: service.slice(0, 255), ...(state ? { state: state.slice(0, 32) } : {}) };
  event.kind = "state";
  event.action = kind.action;
  event.category = ["host"];
  event.type = ["info"];
  const told = state === undefined ? undefined : OUTCOMES.get(state);
  if (told !== undefined) event.outcome = told;
};

/** What each state says of the host or service. */
const OUTCOMES: ReadonlyMap<string, "success" | "failure"> = new Map([
  ["UP", "success"],
  ["OK", "success"],
  ["DOWN", "failure"],
  ["UNREACHABLE", "failure"],
  ["CRITICAL", "failure"],
]);
