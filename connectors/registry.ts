import type { Inbound, Notifier, Outbound } from "./contract.ts";
import { alertmanager } from "./inbound/alertmanager/index.ts";
import { cef } from "./inbound/cef/index.ts";
import { generic } from "./inbound/generic/index.ts";
import { syslogOf } from "./inbound/syslog/index.ts";
import { wazuh } from "./inbound/wazuh/index.ts";
import { webhook } from "./notify/webhook/index.ts";
import { exercise } from "./outbound/exercise/index.ts";
import { portalAssisted } from "./outbound/portal-assisted/index.ts";

/** Syslog hands its message to these when it is a format of their own. */
const syslog = syslogOf([cef, wazuh, generic]);

/** Every way in, one a folder of `inbound/`. */
export const INBOUND: readonly Inbound[] = [alertmanager, cef, generic, syslog, wazuh];

/** Every way to tell a person, one a folder of `notify/`. */
// biome-ignore lint/suspicious/noExplicitAny: its own schema checks its settings before it is opened
export const NOTIFIERS: readonly Notifier<any>[] = [webhook];

/** Every way out for an approved declaration, one a folder of `outbound/`. */
// biome-ignore lint/suspicious/noExplicitAny: its own schema checks its settings before it is opened
export const OUTBOUNDS: readonly Outbound<any>[] = [exercise, portalAssisted];

/** The inbound connector of this name; undefined when there is none. */
export function inboundNamed(name: string): Inbound | undefined {
  return INBOUND.find((connector) => connector.name === name);
}

/** Which format a record is: the connector that is surest of it, and why; no connector when none is. */
export function recognise(text: string): { connector?: Inbound; certainty: number; because: string } {
  let best: ReturnType<typeof recognise> = { certainty: 0, because: "no format recognises it" };
  for (const connector of INBOUND) {
    const { certainty, because } = connector.recognise(text);
    if (certainty > best.certainty) best = { connector, certainty, because };
  }
  return best;
}
