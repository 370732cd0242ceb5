import type { Notifier, Outbound } from "./contract.ts";
import { email } from "./notify/email/index.ts";
import { glpi } from "./notify/glpi/index.ts";
import { mattermost } from "./notify/mattermost/index.ts";
import { modemSpool } from "./notify/modem-spool/index.ts";
import { ntfy } from "./notify/ntfy/index.ts";
import { servicenow } from "./notify/servicenow/index.ts";
import { slack } from "./notify/slack/index.ts";
import { sms } from "./notify/sms/index.ts";
import { teams } from "./notify/teams/index.ts";
import { voice } from "./notify/voice/index.ts";
import { webhook } from "./notify/webhook/index.ts";
import { arsMail } from "./outbound/ars-mail/index.ts";
import { arsPhone } from "./outbound/ars-phone/index.ts";
import { exercise } from "./outbound/exercise/index.ts";
import { fssiMail } from "./outbound/fssi-mail/index.ts";
import { helpPhone } from "./outbound/help-phone/index.ts";
import { portalAssisted } from "./outbound/portal-assisted/index.ts";
import { portalHttp } from "./outbound/portal-http/index.ts";

/** Every way to tell a person, one a folder of `notify/`. */
// biome-ignore lint/suspicious/noExplicitAny: its own schema checks its settings before it is opened
export const NOTIFIERS: readonly Notifier<any>[] = [
  email,
  glpi,
  mattermost,
  modemSpool,
  ntfy,
  servicenow,
  slack,
  sms,
  teams,
  voice,
  webhook,
];

/** Every way out for an approved declaration, one a folder of `outbound/`. */
// biome-ignore lint/suspicious/noExplicitAny: its own schema checks its settings before it is opened
export const OUTBOUNDS: readonly Outbound<any>[] = [
  arsMail,
  arsPhone,
  exercise,
  fssiMail,
  helpPhone,
  portalAssisted,
  portalHttp,
];
