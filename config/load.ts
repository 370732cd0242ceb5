import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { z } from "zod";
import type { Asset } from "../agent/core/asset.ts";
import { isTimeZone, systemClock } from "../agent/core/clock.ts";
import { messageOf, type Problem } from "../agent/core/errors.ts";
import { SecretSource } from "../connectors/contract.ts";
import { nearestName } from "../connectors/mapping/nearest-name.ts";
import { issuesOf, readYaml, readYamlQuickly } from "../connectors/shared/read-yaml.ts";
import { NOTIFIERS, OUTBOUNDS } from "../connectors/ways-out.ts";
import { checkEncryption } from "./check-encryption.ts";
import { checkMail } from "./check-mail.ts";
import { checkNotify } from "./check-notify.ts";
import { checkPacks } from "./check-packs.ts";
import { checkPoll } from "./check-poll.ts";
import { checkPortal } from "./check-portal.ts";
import { checkShared } from "./check-shared.ts";
import { checkSources } from "./check-sources.ts";
import { checkSurroundings, type Tell, tlsOf } from "./check-surroundings.ts";
import { checkSystems } from "./check-systems.ts";
import { Encryption } from "./encryption.ts";
import { assetFolder, readAssetFiles } from "./inventory/asset-files.ts";
import { type KnownSources, knownSources } from "./known-sources.ts";
import { readSecret } from "./read-secret.ts";
import { Config } from "./schema.ts";
import type { Secret } from "./secrets.ts";
import { secretsIn } from "./secrets-in.ts";

/** A configuration that was read and checked: paths absolute, secrets revealed only on demand. */
export interface LoadedConfig {
  config: Config;
  file: string;
  stateDirectory: string;
  /** By the configuration path of its SecretSource, such as `sources.0.token`. */
  secrets: ReadonlyMap<string, Secret>;
  /** Machines that were imported beside the configuration. */
  assets: readonly Asset[];
}

/** Where secrets named by `env` are found; null leaves all secrets unread, for what needs none. */
type Environment = Readonly<Record<string, string | undefined>> | null;

/** Reads a configuration file; every problem it has is told at once, with its line. */
export function loadConfig(
  file: string,
  environment: Environment = process.env,
): { loaded: LoadedConfig; problems?: undefined } | { problems: Problem[]; loaded?: undefined } {
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > MOST_BYTES) throw new Error(`larger than ${MOST_BYTES} bytes: this is no configuration`);
    text = readFileSync(file, "utf8");
  } catch (error) {
    return {
      problems: [
        {
          code: "config_unreadable",
          where: file,
          message: messageOf(error),
          remedy: "make one with: npm run tocsin -- init",
        },
      ],
    };
  }
  return parseConfig(text, file, environment);
}

/** Largest configuration, bytes: five thousand systems take one of them. */
const MOST_BYTES = 4 * 1024 * 1024;
/** Faults of the schema that are told: what made thousands is one mistake. */
const MOST_TOLD = 100;

/**
 * Reads only what a configuration says of encryption, from the first of these folders that has the keys: for an archive
 * whose other secrets may not be here.
 */
export function loadEncryption(
  file: string,
  bases: readonly string[],
  environment: NonNullable<Environment> = process.env,
): { config: Pick<Config, "encryption">; secrets: ReadonlyMap<string, Secret> } {
  const { read } = readYaml(readFileSync(file, "utf8"), file, "config_not_yaml");
  const { encryption } = (read?.value ?? {}) as { encryption?: unknown };
  const checked = encryption === undefined ? undefined : Encryption.parse(encryption);
  const secrets = new Map<string, Secret>();
  for (const [i, { key }] of (checked?.keys ?? []).entries())
    for (const base of bases) {
      const { secret } = key === undefined ? {} : readSecret(key, { base, environment, least: 44 });
      if (secret !== undefined && !secrets.has(`encryption.keys.${i}.key`))
        secrets.set(`encryption.keys.${i}.key`, secret);
    }
  return { config: { encryption: checked }, secrets };
}

/** The same from a text; `file` is where relative paths start from and what errors name. */
export function parseConfig(
  text: string,
  file: string,
  environment: Environment,
): { loaded: LoadedConfig; problems?: undefined } | { problems: Problem[]; loaded?: undefined } {
  const { read, problems: faults } = readYamlQuickly(text, file, "config_not_yaml", { shareable: false });
  if (read === undefined) return { problems: faults };
  const problems: Problem[] = [];
  const problem = (path: readonly PropertyKey[], code: string, message: string, remedy?: string) =>
    problems.push({
      code,
      where: read.whereOf(path),
      message: `${path.join(".") || "(file)"}: ${message}`,
      remedy,
    });

  const checked = Config.safeParse(read.value ?? {});
  if (!checked.success) {
    const issues = issuesOf(checked.error.issues);
    for (const { path, message } of issues.slice(0, MOST_TOLD)) problem(path, "config_invalid", message);
    const untold = issues.length - MOST_TOLD;
    if (untold > 0) problem([], "config_invalid", `${untold} more of the kind`, "correct these first");
  }
  // What needs more than one value is checked on what could be read, so that one run tells everything.
  const config = checked.success ? checked.data : undefined;
  const secrets = new Map<string, Secret>();
  if (config !== undefined) {
    const base = dirname(resolve(file));
    const secret = (path: readonly PropertyKey[], source: SecretSource, least = 16) => {
      if (environment === null) return;
      const read = readSecret(source, { base, environment, least });
      if (read.problem !== undefined) problem(path, "secret_missing", read.problem, read.remedy);
      else secrets.set(path.join("."), read.secret);
    };
    const absolute = (path: string) => resolve(base, path);
    const beside = join(base, "mappings");
    const mappings = [...(existsSync(beside) ? [beside] : []), ...config.mappings.map(absolute)];
    const sources = knownSources(mappings);
    problems.push(...sources.problems);
    checkReferences(config, sources, problem);
    checkPacks(config, problem);
    const { assets, problems: unread } = readAssetFiles(assetFolder(base));
    problems.push(...unread);
    problems.push(...checkSystems({ config, assets, whereOf: read.whereOf, tell: problem }).problems);
    for (const [i, { token, signature, poll }] of config.sources.entries()) {
      if (token) secret(["sources", i, "token"], token);
      if (signature) secret(["sources", i, "signature", "secret"], signature.secret);
      for (const name of ["password", "api_key", "token"] as const) {
        // Others chose these: how long they are is theirs to say.
        if (poll?.[name]) secret(["sources", i, "poll", name], poll[name], 1);
      }
    }
    // Others chose these too.
    if (config.store?.password) secret(["store", "password"], config.store.password, 1);
    for (const name of ["credentials", "nkey", "password"] as const)
      if (config.bus?.[name]) secret(["bus", name], config.bus[name], 1);
    for (const [i, { key }] of (config.encryption?.keys ?? []).entries())
      if (key) secret(["encryption", "keys", i, "key"], key, 44);
    for (const [i, tool] of config.tools.entries()) secret(["tools", i, "secret"], tool.secret);
    if (config.anchors?.webhook) secret(["anchors", "webhook", "secret"], config.anchors.webhook.secret);
    if (config.anchors?.mail?.password)
      secret(["anchors", "mail", "password"], config.anchors.mail.password, 1);
    if (config.traces?.token) secret(["traces", "token"], config.traces.token, 1);
    if (config.people.oidc) secret(["people", "oidc", "client_secret"], config.people.oidc.client_secret, 1);
    for (const [i, channel] of config.notify.entries())
      for (const [name, value] of Object.entries(channel.settings)) {
        const source = SecretSource.safeParse(value);
        // Those of others' gateways and relays are as long as they are.
        if (source.success)
          secret(["notify", i, "settings", name], source.data, channel.connector === "webhook" ? 16 : 1);
      }
    for (const [i, { settings: given }] of config.outbound.entries())
      for (const { path, source } of secretsIn(given))
        secret(["outbound", i, "settings", ...path], source, 1);
    checkNotify(config, absolute, problem);
    const now = systemClock.now();
    const known = environment === null ? null : secrets;
    checkSurroundings({ config, base, secrets: known, tell: problem });
    checkEncryption(config.encryption, known, problem);
    checkShared(config, { base, secrets: known, tell: problem });
    checkSources(config, known, problem);
    checkPortal(config, known, problem);
    checkMail(config, { absolute, secrets: known, now, tell: problem });
    for (const [i, { poll }] of config.sources.entries()) {
      const path = ["sources", i, "poll"];
      if (poll !== undefined) checkPoll(poll, { path, base, secrets: known, tell: problem });
    }
    if (problems.length === 0) {
      config.rules = config.rules.map(({ path, meanings }) => ({
        path: absolute(path),
        meanings: meanings.map(absolute),
      }));
      config.mappings = mappings;
      config.packs.folder = absolute(config.packs.folder);
      for (const copies of [config.backup, config.crisis])
        if (copies !== undefined) copies.folder = absolute(copies.folder);
      for (const roster of config.rosters) roster.file = absolute(roster.file);
      for (const { settings } of config.notify)
        for (const name of ["authority", "folder"] as const)
          if (typeof settings[name] === "string") settings[name] = absolute(settings[name]);
      for (const { settings } of config.outbound)
        for (const name of ["authority", "annex"] as const)
          if (typeof settings[name] === "string") settings[name] = absolute(settings[name]);
      for (const { tls } of tlsOf(config)) {
        tls.certificate = absolute(tls.certificate);
        tls.key = absolute(tls.key);
        if (tls.clients !== undefined) tls.clients.authority = absolute(tls.clients.authority);
      }
      for (const way of [config.anchors?.mail, config.anchors?.timestamp])
        if (way?.authority !== undefined) way.authority = absolute(way.authority);
      const client = config.canary === "off" ? undefined : config.canary.client;
      if (client !== undefined)
        Object.assign(client, { certificate: absolute(client.certificate), key: absolute(client.key) });
      const towards = [...config.sources.map(({ poll }) => poll?.tls), config.store?.tls, config.bus?.tls];
      for (const tls of towards)
        for (const part of ["authority", "certificate", "key"] as const)
          if (tls?.[part] !== undefined) tls[part] = absolute(tls[part]);
      const stateDirectory = resolve(base, config.state_directory);
      if (config.bus !== undefined) {
        const { folder } = config.bus.spool;
        config.bus.spool.folder = folder === undefined ? join(stateDirectory, "spool") : absolute(folder);
      }
      return { loaded: { config, file, stateDirectory, secrets, assets } };
    }
  }
  return { problems };
}

function checkReferences(config: Config, { names, isJson }: KnownSources, tell: Tell): void {
  const known = (names: readonly { name: string }[]) => names.map((each) => each.name).join(", ");
  for (const [i, source] of config.sources.entries()) {
    const isKnown = names.includes(source.connector);
    if (!isKnown) {
      tell(
        ["sources", i, "connector"],
        "connector_unknown",
        `no format or mapping "${source.connector}"`,
        didYouMean(source.connector, names),
      );
    } else if (
      source.listen.length === 0 &&
      !source.token &&
      !source.signature &&
      !source.client &&
      !source.poll
    ) {
      tell(
        ["sources", i],
        "source_deaf",
        "nothing can arrive",
        "give listen (sockets), or token, signature or client (HTTP), or poll (an index)",
      );
    }
    if (source.poll !== undefined && isKnown && !isJson(source.connector)) {
      tell(
        ["sources", i, "connector"],
        "connector_not_json",
        `the documents of an index are JSON, and ${source.connector} reads lines`,
        "take wazuh, generic, windows, suricata, ocsf, a mapping over one of these, or auto",
      );
    }
    if (source.client !== undefined && config.listeners.intake.tls?.clients === undefined) {
      tell(
        ["sources", i, "client"],
        "client_without_authority",
        "no client is asked for a certificate",
        "give listeners.intake.tls.clients.authority: the authority (PEM) that signed it",
      );
    }
    if (source.zone !== undefined && !isTimeZone(source.zone)) {
      tell(
        ["sources", i, "zone"],
        "zone_unknown",
        `"${source.zone}" is not an IANA time zone`,
        "write Europe/Paris, say",
      );
    }
  }
  repeated(config.sources, ["sources"], tell);
  repeated(config.sites, ["sites"], tell);
  repeated(config.systems, ["systems"], tell);
  repeated(config.notify, ["notify"], tell);
  repeated(config.outbound, ["outbound"], tell);
  repeated(config.tools, ["tools"], tell);
  repeated(config.packs.signers, ["packs", "signers"], tell);
  repeated(config.encryption?.keys ?? [], ["encryption", "keys"], tell);
  for (const [i, channel] of config.notify.entries()) {
    const connector = NOTIFIERS.find((each) => each.name === channel.connector);
    if (connector === undefined) {
      tell(
        ["notify", i, "connector"],
        "connector_unknown",
        `no notifier "${channel.connector}"`,
        `one of: ${known(NOTIFIERS)}`,
      );
    } else settings(connector.config, channel.settings, ["notify", i, "settings"], tell);
  }
  for (const [i, channel] of config.outbound.entries()) {
    const connector = OUTBOUNDS.find((each) => each.name === channel.connector);
    if (connector === undefined) {
      tell(
        ["outbound", i, "connector"],
        "connector_unknown",
        `no outbound connector "${channel.connector}"`,
        `one of: ${known(OUTBOUNDS)}`,
      );
      continue;
    }
    settings(connector.config, channel.settings, ["outbound", i, "settings"], tell);
    const kinds: readonly string[] = connector.kinds;
    if (channel.kind !== undefined && !kinds.includes(channel.kind))
      tell(
        ["outbound", i, "kind"],
        "kind_not_carried",
        `${connector.name} does not carry a ${channel.kind}`,
        `one of: ${kinds.join(", ")}`,
      );
    if (connector.reach === "authority" && config.mode !== "live") {
      tell(
        ["outbound", i, "connector"],
        "authority_out_of_reach",
        `${connector.name} reaches an authority, mode is ${config.mode}`,
        "use it with mode: live only",
      );
    }
    if (connector.reach === "exercise" && config.mode === "live") {
      tell(
        ["outbound", i, "connector"],
        "exercise_in_live",
        `${connector.name} only pretends to file`,
        "remove it when mode is live",
      );
    }
  }
}

function didYouMean(name: string, names: readonly string[]): string {
  const near = nearestName(name, names);
  return near === undefined ? `one of: ${names.join(", ")}` : `did you mean ${near}?`;
}

function settings(schema: z.ZodType, value: unknown, path: readonly PropertyKey[], tell: Tell): void {
  const checked = schema.safeParse(value);
  if (!checked.success) {
    for (const issue of issuesOf(checked.error.issues))
      tell([...path, ...issue.path], "config_invalid", issue.message);
  }
}

function repeated(list: readonly { id: string }[], path: readonly PropertyKey[], tell: Tell): void {
  const seen = new Set<string>();
  for (const [i, { id }] of list.entries()) {
    if (seen.has(id))
      tell([...path, i, "id"], "id_repeated", `"${id}" is already used`, "give each its own id");
    seen.add(id);
  }
}
