import type { ParseContext } from "../../contract.ts";
import { hostOf } from "../../shared/address.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { at, isObject, type JsonObject, textValue } from "../../shared/json.ts";
import { ecsLeaf, type Leaf, putLeaf } from "../../shared/put-ecs.ts";

/** ECS names by the places of one module's data; of several places the first that says something. */
type Places = Record<string, string | readonly string[]>;

const MODULES: Record<string, { places: Places; category?: string; provider?: string }> = {
  vulnerability: {
    category: "vulnerability",
    places: {
      "vulnerability.id": "cve",
      "vulnerability.severity": "severity",
      "vulnerability.description": ["title", "rationale"],
    },
  },
  sca: {
    category: "configuration",
    places: { "event.reason": ["check.title", "policy"], "rule.ruleset": "policy_id" },
  },
  office365: {
    places: {
      "event.action": "Operation",
      "event.provider": "Workload",
      "user.name": "UserId",
      "source.ip": ["ClientIP", "ClientIPAddress", "ActorIpAddress"],
      "organization.id": "OrganizationId",
    },
  },
  aws: {
    provider: "aws",
    places: {
      "event.action": ["eventName", "type"],
      "event.provider": ["eventSource", "source"],
      "user.name": ["userIdentity.userName", "userIdentity.sessionContext.sessionIssuer.userName"],
      "source.ip": [
        "sourceIPAddress",
        "source_ip_address",
        "service.action.networkConnectionAction.remoteIpDetails.ipAddressV4",
        "srcaddr",
      ],
      "destination.ip": "dstaddr",
      "cloud.account.id": ["aws_account_id", "recipientAccountId", "accountId", "userIdentity.accountId"],
      "cloud.region": ["awsRegion", "region"],
      "cloud.instance.id": "resource.instanceDetails.instanceId",
      "event.reason": ["title", "description", "errorMessage"],
    },
  },
  gcp: {
    provider: "gcp",
    places: {
      "event.action": "protoPayload.methodName",
      "user.name": "protoPayload.authenticationInfo.principalEmail",
      "source.ip": ["protoPayload.requestMetadata.callerIp", "jsonPayload.sourceIP"],
      "cloud.account.id": "resource.labels.project_id",
    },
  },
  "ms-graph": {
    places: {
      "event.reason": ["title", "description"],
      "event.provider": ["serviceSource", "productName"],
      "event.url": ["alertWebUrl", "incidentWebUrl"],
      "event.action": ["category", "activityDisplayName"],
    },
  },
  azure: {
    provider: "azure",
    places: {
      "event.action": ["operationName", "Activity", "OperationName"],
      "source.ip": ["callerIpAddress", "properties.ipAddress"],
      "user.name": ["properties.userPrincipalName", "identity"],
    },
  },
  github: {
    places: {
      "event.action": "action",
      "user.name": "actor",
      "organization.name": "org",
      "source.ip": "actor_ip",
    },
  },
  audit: {
    category: "process",
    places: {
      "process.executable": "exe",
      "process.name": "command",
      "process.pid": "pid",
      "process.parent.pid": "ppid",
      "process.working_directory": "cwd",
      "user.id": "uid",
      "event.action": "key",
    },
  },
  virustotal: {
    category: "malware",
    places: { "file.path": "source.file", "file.hash.sha1": "sha1", "event.reference": "permalink" },
  },
  docker: {
    places: {
      "container.id": "id",
      "container.name": "Actor.Attributes.name",
      "event.action": "Action",
      "container.image.name": "from",
    },
  },
};

/** What one module's data are: the paths of each field are taken apart once. */
interface Module {
  name: string;
  fields: { leaf: Leaf; address: boolean; paths: string[][] }[];
  category?: string | undefined;
  provider?: string | undefined;
}

const KNOWN = new Map<string, Module>();
for (const [name, { places, category, provider }] of Object.entries(MODULES)) {
  const fields = Object.entries(places).map(([field, path]) => ({
    leaf: ecsLeaf(field) as Leaf,
    address: field.endsWith(".ip"),
    paths: [path].flat().map((one) => one.split(".")),
  }));
  KNOWN.set(name, { name, fields, category, provider });
}

/** Writes what the modules of Wazuh put under a name of their own in `data`. */
export function writeModules(draft: Draft, data: JsonObject, context: ParseContext): void {
  const { alert, event } = draft;
  for (const { name, fields, category, provider } of holdsModule(data) ? KNOWN.values() : []) {
    const module = data[name];
    if (!isObject(module)) continue;
    for (const { leaf, address, paths } of fields) {
      const value = firstOf(module, paths);
      if (value !== undefined)
        putLeaf(draft, leaf, address ? hostOf(value).replace(/^::ffff:/, "") : value, context);
    }
    if (category !== undefined) event.category ??= [category];
    if (provider !== undefined) alert.cloud = { ...alert.cloud, provider };
    if (name === "audit" || name === "office365") {
      const told = textValue(module.success ?? module.res ?? module.ResultStatus)?.toLowerCase();
      if (told !== undefined && /^(?:yes|1|success|succeeded|true)$/.test(told)) event.outcome ??= "success";
      if (told !== undefined && /^(?:no|0|failed|failure|false)$/.test(told)) event.outcome ??= "failure";
    }
    if (name === "sca") {
      const result = textValue(at(module, "check", "result"));
      if (result === "passed") event.outcome = "success";
      if (result === "failed") event.outcome = "failure";
    }
  }
  // Decoders of system logs tell both: who asked, and as whom.
  const other = textValue(data.dstuser);
  if (other !== undefined && textValue(data.srcuser) !== undefined)
    alert.user = { ...alert.user, effective: { name: clip(draft, other) } };
  const status = textValue(data.id);
  const url = textValue(data.url);
  if (url !== undefined && status !== undefined && /^[1-5]\d\d$/.test(status))
    alert.http = { ...alert.http, response: { status_code: Number(status) } };
}

function holdsModule(data: JsonObject): boolean {
  for (const name in data) if (KNOWN.has(name)) return true;
  return false;
}

/** The text of the first of these places that says something. */
function firstOf(module: JsonObject, paths: readonly string[][]): string | undefined {
  for (const path of paths) {
    const value = textValue(path.reduce<unknown>((here, key) => at(here, key), module));
    if (value !== undefined) return value;
  }
  return undefined;
}
