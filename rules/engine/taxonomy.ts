import { VERDICT_FIELD, verdictOf } from "./verdict.ts";

/**
 * Where a field of the Sigma taxonomy is found on an alert that speaks ECS, tried in order.
 *
 * Only used when the source did not write the field under its own name.
 */
export const TAXONOMY: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    // Windows and Sysmon
    EventID: ["event.code"],
    EventId: ["event.code"],
    Provider_Name: ["event.provider"],
    ProviderName: ["event.provider"],
    Source: ["event.provider"],
    Channel: ["winlog.channel"],
    Computer: ["host.name", "host.hostname"],
    ComputerName: ["host.name", "host.hostname"],
    Hostname: ["host.name", "host.hostname"],
    Workstation: ["source.domain"],
    WorkstationName: ["source.domain"],
    Image: ["process.executable"],
    NewProcessName: ["process.executable"],
    ProcessName: ["process.executable", "process.name"],
    ProcessPath: ["process.executable"],
    ProcessId: ["process.pid"],
    CommandLine: ["process.command_line"],
    ProcessCommandLine: ["process.command_line"],
    CurrentDirectory: ["process.working_directory"],
    OriginalFileName: ["process.pe.original_file_name"],
    Product: ["process.pe.product"],
    Description: ["process.pe.description"],
    Company: ["process.pe.company"],
    ParentImage: ["process.parent.executable"],
    ParentProcessName: ["process.parent.executable", "process.parent.name"],
    ParentProcessId: ["process.parent.pid"],
    ParentCommandLine: ["process.parent.command_line"],
    md5: ["process.hash.md5", "file.hash.md5"],
    sha1: ["process.hash.sha1", "file.hash.sha1"],
    sha256: ["process.hash.sha256", "file.hash.sha256"],
    User: ["user.name"],
    SubjectUserName: ["user.name"],
    TargetUserName: ["user.name"],
    UserName: ["user.name"],
    username: ["user.name"],
    AccountName: ["user.name"],
    SubjectDomainName: ["user.domain"],
    TargetDomainName: ["user.domain"],
    TargetFilename: ["file.path"],
    FileName: ["file.path", "file.name"],
    Filename: ["file.path", "file.name"],
    ObjectName: ["file.path"],
    ImageLoaded: ["dll.path", "file.path"],
    TargetObject: ["registry.path"],
    Details: ["registry.data.strings"],
    ServiceName: ["service.name"],
    Action: ["event.action"],
    Signature: ["rule.name"],
    QueryName: ["dns.question.name"],
    query: ["dns.question.name"],
    record_type: ["dns.question.type"],
    answer: ["dns.resolved_ip"],
    answers: ["dns.resolved_ip"],
    // Network
    IpAddress: ["source.ip"],
    ClientAddress: ["source.ip"],
    SourceIp: ["source.ip"],
    SourceAddress: ["source.ip"],
    src_ip: ["source.ip"],
    "c-ip": ["source.ip", "client.ip"],
    SourcePort: ["source.port"],
    IpPort: ["source.port"],
    src_port: ["source.port"],
    SourceHostname: ["source.domain"],
    DestinationIp: ["destination.ip"],
    DestAddress: ["destination.ip"],
    DestinationAddress: ["destination.ip"],
    dst_ip: ["destination.ip"],
    "s-ip": ["destination.ip", "server.ip"],
    DestinationPort: ["destination.port"],
    DestPort: ["destination.port"],
    dst_port: ["destination.port"],
    "s-port": ["destination.port", "server.port"],
    DestinationHostname: ["destination.domain"],
    Protocol: ["network.transport", "network.protocol"],
    Initiated: ["network.initiated"],
    // Web, proxy
    "c-uri": ["url.original", "url.full"],
    "c-uri-query": ["url.query"],
    "c-uri-stem": ["url.path"],
    "c-uri-extension": ["url.extension"],
    "cs-uri": ["url.original", "url.full"],
    // SigmaHQ's webserver rules look for paths in it too: the whole target holds the query.
    "cs-uri-query": ["url.original", "url.query"],
    "cs-uri-stem": ["url.path"],
    "cs-host": ["url.domain", "destination.domain"],
    "r-dns": ["url.domain", "destination.domain"],
    "cs-method": ["http.request.method"],
    "sc-status": ["http.response.status_code"],
    "sc-bytes": ["http.response.bytes", "destination.bytes"],
    "cs-bytes": ["http.request.bytes", "source.bytes"],
    "c-useragent": ["user_agent.original"],
    "cs-user-agent": ["user_agent.original"],
    "cs-referer": ["http.request.referrer"],
    "cs-referrer": ["http.request.referrer"],
    "cs-username": ["user.name"],
    "s-computername": ["host.name"],
  }),
);

/** Under these, sources keep Windows' own names in their own spelling. */
const WINDOWS_PREFIXES = [
  "data.win.eventdata.",
  "data.win.system.",
  "win.eventdata.",
  "win.system.",
  "winlog.event_data.",
  "winlog.",
];
/** Names that Windows collectors spell in one word. */
const RESPELT = new Map([
  ["providername", "provider_name"],
  ["event_id", "eventid"],
  ["computer_name", "computer"],
]);

interface WithFields {
  fields?: Record<string, unknown> | undefined;
}

/** Reads a value through nested objects; an array of objects gives the values of all. */
export function dig(value: unknown, path: readonly string[], from = 0): unknown {
  let here = value;
  for (let at = from; at < path.length; at += 1) {
    if (Array.isArray(here)) {
      const found = here.map((one) => dig(one, path, at)).filter((one) => one !== undefined);
      return found.length === 0 ? undefined : found.flat();
    }
    if (here === null || typeof here !== "object" || !Object.hasOwn(here, path[at] as string))
      return undefined;
    here = (here as Record<string, unknown>)[path[at] as string];
  }
  return here;
}

/**
 * Makes the reader of one field of alerts: the source's own name, then the ECS places (in the alert, or under
 * that name in `fields`), then the name as an ECS path, then the source's own name in another spelling.
 */
export function alertReader(name: string): (alert: WithFields) => unknown {
  if (name === VERDICT_FIELD) return verdictOf;
  const places = (TAXONOMY.get(name) ?? []).map((place) => ({ place, path: place.split(".") }));
  const path = name.split(".");
  const folded = name.toLowerCase();
  return (alert) => {
    const { fields } = alert;
    if (fields !== undefined && Object.hasOwn(fields, name)) return fields[name];
    for (const place of places) {
      const value = dig(alert, place.path);
      if (value !== undefined) return value;
      if (fields !== undefined && Object.hasOwn(fields, place.place)) return fields[place.place];
    }
    const value = dig(alert, path);
    if (value !== undefined || fields === undefined || path.length > 1) return value;
    const own = foldedNames(fields).get(folded);
    return own === undefined ? undefined : fields[own];
  };
}

let lastFields: object | undefined;
let lastNames = new Map<string, string>();

/** The names of `fields` in lower case; kept for the last alert, whose every field asks. */
function foldedNames(fields: Record<string, unknown>): Map<string, string> {
  if (fields === lastFields) return lastNames;
  const names = new Map<string, string>();
  for (const name of Object.keys(fields)) {
    const folded = name.toLowerCase();
    if (!names.has(folded)) names.set(folded, name);
    const prefix = WINDOWS_PREFIXES.find((one) => folded.startsWith(one));
    if (prefix === undefined) continue;
    const tail = folded.slice(prefix.length);
    const plain = RESPELT.get(tail) ?? tail;
    if (!names.has(plain)) names.set(plain, name);
  }
  lastFields = fields;
  lastNames = names;
  return names;
}

/** Makes the reader of one field of any JSON event: the name itself, then the name as a path. */
export function eventReader(name: string): (event: Record<string, unknown>) => unknown {
  const path = name.split(".");
  return (event) =>
    Object.hasOwn(event, name) ? event[name] : path.length > 1 ? dig(event, path) : undefined;
}

interface Texts extends WithFields {
  message?: string | undefined;
  event?: { original?: string | undefined } | undefined;
}

/** The texts of an alert that keywords are looked for in: its message, its raw text, every value of its fields. */
export function alertKeywords(alert: Texts): string[] {
  const texts: string[] = [];
  if (alert.message !== undefined) texts.push(alert.message);
  if (alert.event?.original !== undefined) texts.push(alert.event.original);
  if (alert.fields !== undefined) collect(alert.fields, texts, 0);
  return texts;
}

/** Every value of a JSON event, as text. */
export function eventKeywords(event: Record<string, unknown>): string[] {
  const texts: string[] = [];
  collect(event, texts, 0);
  return texts;
}

const DEEPEST = 64;

function collect(value: unknown, into: string[], depth: number): void {
  if (value === null || value === undefined || depth > DEEPEST) return;
  if (typeof value !== "object") {
    into.push(String(value));
    return;
  }
  for (const one of Object.values(value)) collect(one, into, depth + 1);
}
