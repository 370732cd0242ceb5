import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { SecretSource } from "../connectors/contract.ts";
import { reachesOf } from "./check-notify.ts";
import { claimsOfSystems, type Nesting, openClaims } from "./inventory/claims.ts";
import type { LoadedConfig } from "./load.ts";
import type { Config } from "./schema.ts";
import { secretsIn } from "./secrets-in.ts";

/** What a configuration may well want to be, and most often should not: nothing of it keeps the daemon from running. */
export interface Advice {
  /** Stable, snake_case. */
  code: string;
  /** Path in the configuration. */
  path: readonly PropertyKey[];
  message: string;
  remedy: string;
}

const READABLE_BY_ALL = 0o004;
/** Settings kept as secrets are that anyone may read. */
const PUBLIC = new Set(["authority", "certificate", "certificates"]);
/** Networks inside others that are told. */
const NESTINGS = 20;

/** Says what a sound configuration leaves dangerous or without effect. */
export function advise({ config, file, assets }: Pick<LoadedConfig, "config" | "file" | "assets">): Advice[] {
  const found: Advice[] = [];
  const say = (path: readonly PropertyKey[], code: string, message: string, remedy: string) =>
    found.push({ code, path, message, remedy });

  if (config.sources.length === 0)
    say(["sources"], "nothing_arrives", "there is no source: nothing can arrive", "describe one");
  else if (config.sources.every(({ silent_after_minutes }) => silent_after_minutes === undefined)) {
    const message = "no source states how often it speaks: a dead monitoring looks like a calm night";
    say(["sources"], "silence_unheard", message, "give silent_after_minutes to those that always speak");
  }
  if (config.systems.length === 0) {
    const message = "no system is described: an alert tells which machine, not which care depends on it";
    say(["systems"], "systems_undescribed", message, "describe the applications that care depends on");
  }
  const imported = new Set(assets.map(({ system }) => system));
  const unseen = config.systems.flatMap(({ id, hosts, cidrs, services }, i) =>
    hosts.length + cidrs.length + services.length > 0 || imported.has(id) ? [] : [{ id, i }],
  );
  const [first, ...others] = unseen;
  if (first !== undefined) {
    const ids = unseen.map(({ id }) => id).join(", ");
    const message = others.length === 0 ? "no alert can be about it" : `no alert can be about any of ${ids}`;
    say(
      ["systems", first.i],
      "system_unseen",
      message,
      "give hosts, cidrs or services, or import an inventory",
    );
  }
  for (const { inner, outer } of nestings(config.systems).slice(0, NESTINGS)) {
    const message = `${inner.text} of "${inner.system}" lies in ${outer.text} of "${outer.system}": its addresses are of "${inner.system}"`;
    say(inner.path ?? [], "network_nested", message, "nothing to do, if that is what is meant");
  }
  for (const event of ["on_call", "delegate"] as const) {
    if (config.mode !== "live" || config.notify.some((channel) => channel.for.includes(event))) continue;
    const message = `mode is live, and nobody is told ${event === "on_call" ? "when an incident opens" : "when a decision is due"}`;
    say(["notify"], "nobody_told", message, `add a channel with for: [${event}]`);
  }
  const approves = (channel: Config["notify"][number]) =>
    channel.for.includes("dpo") || channel.for.includes("director") || reachesOf(channel) !== undefined;
  // What the health code asks for is the delegate's; every other duty has approvers of its own.
  const duties = config.regimes.filter((regime) => !regime.startsWith("sante-"));
  if (config.mode === "live" && duties.length > 0 && !config.notify.some(approves)) {
    const message = `mode is live, and nobody who approves the texts of ${duties.join(", ")} is told that they wait`;
    say(
      ["notify"],
      "approver_unheard",
      message,
      "add a channel with for: [dpo], another with for: [director]",
    );
  }
  for (const { source, path } of secretsOf(config)) {
    if (!("file" in source)) continue;
    const secret = resolve(dirname(resolve(file)), source.file);
    const mode = statSync(secret, { throwIfNoEntry: false })?.mode ?? 0;
    if ((mode & READABLE_BY_ALL) === 0) continue;
    say(path, "secret_readable", `anyone on this machine may read ${secret}`, `chmod o= ${secret}`);
  }
  return found;
}

/** Networks of the configuration that lie inside one of another system. */
function nestings(systems: Config["systems"]): Nesting[] {
  const claims = openClaims();
  for (const claim of claimsOfSystems(systems, () => "")) claims.add(claim);
  return claims.nestings();
}

/** Every secret that a configuration names, with its place. */
function secretsOf({
  store,
  bus,
  sources,
  tools,
  notify,
  outbound,
}: Config): { source: SecretSource; path: PropertyKey[] }[] {
  const named: [PropertyKey[], unknown][] = [
    [["store", "password"], store?.password],
    [["bus", "credentials"], bus?.credentials],
    [["bus", "nkey"], bus?.nkey],
    [["bus", "password"], bus?.password],
    ...sources.flatMap(({ token, signature, poll }, i): [PropertyKey[], unknown][] => [
      [["sources", i, "token"], token],
      [["sources", i, "signature", "secret"], signature?.secret],
      [["sources", i, "poll", "password"], poll?.password],
      [["sources", i, "poll", "api_key"], poll?.api_key],
      [["sources", i, "poll", "token"], poll?.token],
    ]),
    ...tools.map(({ secret }, i): [PropertyKey[], unknown] => [["tools", i, "secret"], secret]),
    ...notify.flatMap(({ settings }, i) =>
      Object.entries(settings).map(([name, value]): [PropertyKey[], unknown] => [
        ["notify", i, "settings", name],
        value,
      ]),
    ),
    ...outbound.flatMap(({ settings }, i) =>
      secretsIn(settings)
        .filter(({ path }) => !PUBLIC.has(path.at(-1) ?? ""))
        .map(({ path, source }): [PropertyKey[], unknown] => [["outbound", i, "settings", ...path], source]),
    ),
  ];
  return named.flatMap(([path, value]) => {
    const source = SecretSource.safeParse(value);
    return source.success ? [{ path, source: source.data }] : [];
  });
}
