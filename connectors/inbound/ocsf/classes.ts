import type { JsonObject } from "../../shared/json.ts";

/** What a class of events is in ECS: its categories, and the type that each of its activities is. */
interface Meaning {
  category: readonly string[];
  /** Types by activity_id. */
  types: Readonly<Record<string, readonly string[]>>;
  /** Types of an activity that is not named. */
  type: readonly string[];
}

/** `category | activity=type… | type`; OCSF 1.3 names the classes at https://schema.ocsf.io. */
const CLASSES = new Map<number, Meaning>();

function learn(lines: string): void {
  for (const line of lines.trim().split("\n")) {
    const [uids = "", category = "", activities = "", type = ""] = line.split("|").map((cell) => cell.trim());
    const types: Record<string, string[]> = {};
    for (const one of activities.split(" ").filter((word) => word !== "")) {
      const [ids = "", names = ""] = one.split("=");
      for (const id of ids.split(",")) types[id] = names.split("+");
    }
    const meaning = {
      category: category.split(" ").filter((word) => word !== ""),
      types,
      type: type.split(" "),
    };
    for (const uid of uids.split(" ")) CLASSES.set(Number(uid), meaning);
  }
}

learn(`
  1001 | file | 1=creation 2,7,14=access 3,5,6,8,9=change 4=deletion | info
  1002 | driver | 1=start 2=end | info
  1003 1004 | process | 1=creation 2,5=access 3=change 4=deletion | info
  1005 | process | 1=start 2=end 3=access | change
  1006 | configuration | 1=creation 2,4,5=change 3=deletion 6=start | info
  1007 | process | 1=start 2=end 3=access | change
  1008 | configuration | 1,2=deletion | change
  201001 201002 | registry configuration | 1=creation 2=access 3,5,6=change 4=deletion | change
  201003 | process | | access
  201004 | configuration | 1=creation 6=deletion | change
  2001 2004 2005 | intrusion_detection | | info
  2002 | vulnerability | | info
  2003 2006 2007 | configuration | | info
  3001 | iam | 1=user+creation 6=user+deletion | user change
  3002 | authentication | 1,3,4=start 2=end | info
  3003 | session | 1=start+admin | start
  3004 | iam | 1=creation 2=access 4=deletion | change
  3005 | iam | | admin change
  3006 | iam | 5=group+deletion 6=group+creation | group change
  4001 4014 | network | 1=connection+start 2,3=connection+end 4=connection+error 5=connection+denied | connection
  4002 | network web | | access protocol
  4003 4004 4005 4006 4007 4008 4013 | network | 4=protocol+error 5=protocol+denied | protocol
  4009 4011 4012 | email | | info
  4010 | network file | 1=creation 2,14=access 4=deletion | change
  5001 5003 5004 | host | | info
  5002 5019 | configuration | | info
  6001 6004 | web | 1=creation 2=access 4=deletion | change
  6002 | package | 1=installation 2=deletion 3=start 4=end | change
  6003 | api | 1=creation 2=access 3=change 4=deletion | info
  6005 | database | 1,2=access 3=change 4,5=deletion | access
  6006 | file | 1=creation 2=access 4=deletion | access
`);

/** Names of activities that every class of network, file or identity has, for records without activity_name. */
const ACTIVITIES: Record<string, readonly string[]> = {
  "1001": [
    "",
    "create",
    "read",
    "update",
    "delete",
    "rename",
    "set-attributes",
    "set-security",
    "get-attributes",
    "get-security",
    "encrypt",
    "decrypt",
    "mount",
    "unmount",
    "open",
  ],
  "1007": ["", "launch", "terminate", "open", "inject", "set-user-id"],
  "2001": ["", "create", "update", "close"],
  "2002": ["", "create", "update", "close"],
  "2003": ["", "create", "update", "close"],
  "2004": ["", "create", "update", "close"],
  "3001": [
    "",
    "create",
    "enable",
    "password-change",
    "password-reset",
    "disable",
    "delete",
    "attach-policy",
    "detach-policy",
    "lock",
  ],
  "3002": ["", "logon", "logoff", "authentication-ticket", "service-ticket-request"],
  "4001": ["", "open", "close", "reset", "fail", "refuse", "traffic"],
  "4002": ["", "connect", "delete", "get", "head", "options", "post", "put", "trace"],
  "4003": ["", "query", "response", "", "", "", "traffic"],
};

/** Categories and types of an event by its class and activity. */
export function meaningOf(document: JsonObject): { category: string[]; type: string[] } | undefined {
  const meaning = typeof document.class_uid === "number" ? CLASSES.get(document.class_uid) : undefined;
  if (meaning === undefined) return undefined;
  const activity = String(document.activity_id);
  const type = Object.hasOwn(meaning.types, activity) ? meaning.types[activity] : undefined;
  return { category: [...meaning.category], type: [...(type ?? meaning.type)] };
}

/** The name of an activity by its number; undefined where it says nothing. */
export function activityOf(document: JsonObject): string | undefined {
  const names = ACTIVITIES[String(document.class_uid)];
  const name = typeof document.activity_id === "number" ? names?.[document.activity_id] : undefined;
  return name === "" ? undefined : name;
}
