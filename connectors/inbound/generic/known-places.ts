import type { Alert } from "../../../agent/core/alert.ts";
import type { ParseContext } from "../../contract.ts";
import {
  type Common,
  type CommonRole,
  commonRolesOf,
  LAST_MESSAGE,
  nestedRolesOf,
  takeCommon,
} from "../../shared/common-names.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { textValue } from "../../shared/json.ts";
import { ecsLeaf, type Leaf, putLeaf } from "../../shared/put-ecs.ts";
import { riskOfWord } from "../../shared/severity.ts";
import { walkJson } from "../../shared/walk-json.ts";

/** Names of one product or format, by the ECS field that they are; the first that a document has stands. */
const PLACES = new Map(
  Object.entries({
    // Kibana's alert documents, and those of before version 8
    "kibana.alert.rule.name": "rule.name",
    "kibana.alert.rule.uuid": "rule.uuid",
    "kibana.alert.rule.rule_id": "rule.id",
    "kibana.alert.rule.description": "rule.description",
    "kibana.alert.rule.category": "rule.category",
    "kibana.alert.reason": "event.reason",
    "kibana.alert.uuid": "event.id",
    "kibana.alert.risk_score": "event.risk_score",
    "kibana.alert.severity": "log.level",
    "kibana.alert.start": "event.start",
    "kibana.alert.end": "event.end",
    "kibana.alert.url": "event.url",
    "signal.rule.name": "rule.name",
    "signal.rule.id": "rule.uuid",
    "signal.rule.rule_id": "rule.id",
    "signal.rule.description": "rule.description",
    "signal.rule.risk_score": "event.risk_score",
    "signal.rule.severity": "log.level",
    // The systemd journal
    _MACHINE_ID: "host.id",
    _EXE: "process.executable",
    _CMDLINE: "process.command_line",
    _PID: "process.pid",
    _SYSTEMD_UNIT: "service.name",
    // Containers
    "kubernetes.pod_name": "container.name",
    "kubernetes.pod.name": "container.name",
    "kubernetes.container_name": "container.name",
    "kubernetes.container.name": "container.name",
    "kubernetes.host": "host.name",
    "kubernetes.node.name": "host.name",
    "kubernetes.container_image": "container.image.name",
    "docker.container_id": "container.id",
    container_id: "container.id",
    container_name: "container.name",
    // Objects that others name otherwise than ECS
    "src.ip": "source.ip",
    "src.port": "source.port",
    "dst.ip": "destination.ip",
    "dst.port": "destination.port",
    "dest.ip": "destination.ip",
    "dest.port": "destination.port",
    "device.hostname": "host.name",
    "device.name": "host.name",
    "device.ip": "host.ip",
    "host.host": "host.name",
    "user.username": "user.name",
    "user.login": "user.name",
    "actor.name": "user.name",
    "actor.alternateId": "user.email",
    // Amazon CloudTrail
    eventName: "event.action",
    eventSource: "event.provider",
    awsRegion: "cloud.region",
    "userIdentity.userName": "user.name",
    "userIdentity.accountId": "cloud.account.id",
  }),
);

const REASON = ecsLeaf("event.reason") as Leaf;
const LEVEL = ecsLeaf("log.level") as Leaf;

interface Role {
  ecs?: Leaf | undefined;
  common?: CommonRole[] | undefined;
}

/** What was found where only some products put it, and under common names. */
export interface Known {
  common: Common;
  /** Values by their ECS fields; made when there is one. */
  places: Map<Leaf, unknown> | undefined;
}

export function newKnown(common: Common): Known {
  return { common, places: undefined };
}

/** Walks a document: ECS names are ECS, others are fields, and those known here are remembered. */
export const walkGeneric = walkJson<Role, Known>({
  ecs: true,
  roleOf: (path) => {
    const ecs = ecsLeaf(PLACES.get(path) ?? "");
    const plain = (path === "@timestamp" || !path.includes(".")) && path !== "_TRANSPORT";
    const common =
      path === "event.original" ? LAST_MESSAGE : plain ? commonRolesOf(path) : nestedRolesOf(path);
    return ecs === undefined && common === undefined ? undefined : { ecs, common };
  },
  found: (known, { ecs, common }, value, context) => {
    if (common !== undefined) takeCommon(known.common, common, value, context);
    if (ecs !== undefined && value !== null) {
      known.places ??= new Map();
      if (!known.places.has(ecs)) known.places.set(ecs, value);
    }
    return false;
  },
});

/** Writes what stood in known places, unless an ECS name told it. */
export function writeKnown(draft: Draft, { places }: Known, context: ParseContext): void {
  if (places === undefined) return;
  for (const [leaf, value] of places) {
    if (!isTold(draft.alert, leaf)) putLeaf(draft, leaf, value, context);
  }
  const { alert, event } = draft;
  const reason = textValue(places.get(REASON));
  if (reason !== undefined) alert.message ??= clip(draft, reason);
  const level = textValue(places.get(LEVEL));
  const risk = level === undefined ? undefined : riskOfWord(level);
  if (risk !== undefined) event.risk_score_norm ??= risk;
}

function isTold(alert: Alert, { groups, key }: Leaf): boolean {
  let here: Record<string, unknown> | undefined = alert;
  for (const group of groups) {
    here = here[group] as Record<string, unknown> | undefined;
    if (here === undefined) return false;
  }
  return here[key] !== undefined;
}
