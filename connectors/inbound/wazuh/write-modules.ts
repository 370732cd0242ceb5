import type { ParseContext } from "../../contract.ts";
import { hostOf } from "../../shared/address.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { at, isObject, type JsonObject, textValue } from "../../shared/json.ts";
import { ecsLeaf, type Leaf, putLeaf } from "../../shared/put-ecs.ts";
import { putTransport } from "../../shared/transport.ts";
import { putUrl } from "../../shared/web/put-url.ts";
import { baseName } from "../../shared/windows/windows-draft.ts";
import { type Places, WAZUH_DATA, WAZUH_MODULES } from "./wazuh-modules.ts";

/** One ECS field, and where its value may be: the paths are taken apart once. */
interface Place {
  field: string;
  leaf: Leaf;
  address: boolean;
  paths: { steps: string[]; only: "mail" | "web" | undefined }[];
}

const placesOf = (places: Places): Place[] =>
  Object.entries(places).map(([field, paths]) => ({
    field,
    leaf: ecsLeaf(field) as Leaf,
    address: field.endsWith(".ip"),
    // A path that ends with `@` counts for an address of mail, with `:` for one of the web.
    paths: [paths].flat().map((path) => ({
      steps: path.replace(/[@:]$/, "").split("."),
      only: path.endsWith("@") ? "mail" : path.endsWith(":") ? "web" : undefined,
    })),
  }));

const KNOWN = new Map(
  Object.entries(WAZUH_MODULES).map(([name, module]) => [
    name,
    { ...module, places: placesOf(module.places) },
  ]),
);
const DATA = placesOf(WAZUH_DATA);

/** What the number of a Microsoft 365 record says (Microsoft's AuditLogRecordType). */
const OFFICE365 = new Map<string, [category: string, type: string]>(
  Object.entries({
    "1": "configuration change",
    "2 3 50": "email access",
    "4 6 7 14": "file access",
    "8": "iam change",
    "9 15": "authentication start",
    "28 41 47": "threat indicator",
    "40 98": "intrusion_detection info",
  }).flatMap(([numbers, said]) =>
    numbers.split(" ").map((number) => [number, said.split(" ") as [string, string]] as const),
  ),
);

/** Writes what the modules of Wazuh put under a name of their own in `data`. */
export function writeModules(draft: Draft, data: JsonObject, context: ParseContext): void {
  const { alert, event } = draft;
  for (const name in data) {
    const known = KNOWN.get(name);
    const module = data[name];
    if (known === undefined || !isObject(module)) continue;
    // The other tables of osquery have names too.
    const ofProcess = name !== "osquery" || at(module, "columns", "pid") !== undefined;
    const { places } = known;
    writePlaces(
      draft,
      module,
      ofProcess ? places : places.filter(({ field }) => !/^process/.test(field)),
      context,
    );
    if (known.category !== undefined) event.category ??= [known.category];
    if (known.provider !== undefined) alert.cloud = { ...alert.cloud, provider: known.provider };
    writeOutcome(draft, name, module);
    if (name === "office365") {
      const said = OFFICE365.get(textValue(module.RecordType) ?? "");
      if (said !== undefined) {
        event.category ??= [said[0]];
        event.type ??= [said[1]];
      }
    }
    if (name === "audit") writeArguments(draft, module.execve);
  }
  writePlaces(draft, data, DATA, context);
  if (isObject(data.parameters) && textValue(data.command) !== undefined)
    event.action ??= clip(draft, textValue(data.command) ?? "");
  // Decoders of system logs tell both: who asked, and as whom.
  const other = textValue(data.dstuser);
  if (other !== undefined && textValue(data.srcuser) !== undefined)
    alert.user = { ...alert.user, effective: { name: clip(draft, other) } };
  // Of an account that was made or changed, nobody says who did it.
  else if (other !== undefined && event.category?.[0] === "iam")
    alert.user = { ...alert.user, target: { name: clip(draft, other) } };
  const status = textValue(data.id);
  const url = textValue(data.url);
  if (url !== undefined && status !== undefined && /^[1-5]\d\d$/.test(status))
    alert.http = { ...alert.http, response: { status_code: Number(status) } };
  if (url !== undefined && alert.url === undefined && /^(?:\/|https?:\/\/)/.test(url)) putUrl(draft, url);
  nameFiles(draft);
}

function writePlaces(draft: Draft, module: JsonObject, places: Place[], context: ParseContext): void {
  for (const { field, leaf, address, paths } of places) {
    const value = firstOf(module, paths);
    if (value === undefined) continue;
    const single = typeof value === "string" ? value : (value[0] as string);
    if (field === "url.original") putUrl(draft, single);
    else if (field === "network.transport") putTransport(draft.alert, single);
    else if (address) putLeaf(draft, leaf, hostOf(single).replace(/^::ffff:/, ""), context);
    else if (!putLeaf(draft, leaf, value, context)) putLeaf(draft, leaf, single, context);
  }
}

/** Whether it succeeded, as far as the module tells. */
function writeOutcome({ event }: Draft, name: string, module: JsonObject): void {
  if (name === "audit" || name === "office365") {
    const told = textValue(module.success ?? module.res ?? module.ResultStatus)?.toLowerCase();
    if (told !== undefined && /^(?:yes|1|success|succeeded|true)$/.test(told)) event.outcome ??= "success";
    if (told !== undefined && /^(?:no|0|failed|failure|false)$/.test(told)) event.outcome ??= "failure";
  } else if (name === "sca") {
    const result = textValue(at(module, "check", "result"));
    if (result === "passed") event.outcome = "success";
    if (result === "failed") event.outcome = "failure";
  } else if (name === "aws") {
    const console = textValue(at(module, "responseElements", "ConsoleLogin"))?.toLowerCase();
    if (console === "success" || console === "failure") event.outcome ??= console;
    if (textValue(module.errorCode) !== undefined) event.outcome ??= "failure";
  }
}

/** The arguments of a command that ran: `a0`, `a1`… */
function writeArguments(draft: Draft, execve: unknown): void {
  const args: string[] = [];
  for (let number = 0; number < MOST_MEMBERS; number++) {
    const argument = textValue(at(execve, `a${number}`));
    if (argument === undefined) break;
    args.push(clip(draft, argument));
  }
  if (args.length > 0) draft.alert.process = { ...draft.alert.process, args };
}

/** A path tells the name at its end. */
function nameFiles({ alert }: Draft): void {
  const { file, process } = alert;
  if (file?.path !== undefined && file.name === undefined) file.name = baseName(file.path);
  if (process?.executable !== undefined && process.name === undefined)
    process.name = baseName(process.executable);
}

/** The text or texts of the first of these places that says something. */
function firstOf(module: JsonObject, paths: Place["paths"]): string | string[] | undefined {
  for (const { steps, only } of paths) {
    const value = textsOf(reach(module, steps, 0));
    if (value === undefined) continue;
    const single = typeof value === "string" ? value : (value[0] as string);
    if (only === "mail" && !single.includes("@")) continue;
    if (only === "web" && !/^https?:\/\//i.test(single)) continue;
    return value;
  }
  return undefined;
}

/** Members of a list that are looked at. */
const MOST_MEMBERS = 64;

/** What stands at a place; a list is asked for its member of a name, else for the first that has the place. */
function reach(here: unknown, steps: readonly string[], step: number): unknown {
  if (step === steps.length) return here;
  if (!Array.isArray(here)) return isObject(here) ? inObject(here, steps, step) : undefined;
  const members = here.slice(0, MOST_MEMBERS).filter(isObject);
  for (const member of members) {
    const name = textValue(member.Name) ?? textValue(member.key);
    if (name === steps[step]) return reach(member.Value ?? member.NewValue ?? member.value, steps, step + 1);
    // `Role.DisplayName` is one name of two words.
    if (name !== undefined && name === `${steps[step]}.${steps[step + 1]}`)
      return reach(member.NewValue ?? member.Value, steps, step + 2);
  }
  for (const member of members) {
    const found = inObject(member, steps, step);
    if (textsOf(found) !== undefined) return found;
  }
  return undefined;
}

const inObject = (here: JsonObject, steps: readonly string[], step: number) =>
  reach(here[steps[step] as string], steps, step + 1);

function textsOf(value: unknown): string | string[] | undefined {
  if (!Array.isArray(value)) return textValue(value);
  const texts = value.slice(0, MOST_MEMBERS).flatMap((each) => textValue(each) ?? []);
  return texts.length > 0 ? texts : undefined;
}
