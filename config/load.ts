import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { isTimeZone } from "../agent/core/clock.ts";
import { messageOf, type Problem } from "../agent/core/errors.ts";
import { SecretSource } from "../connectors/contract.ts";
import { INBOUND, NOTIFIERS, OUTBOUNDS } from "../connectors/registry.ts";
import { checkSurroundings, type Tell, tlsOf } from "./check-surroundings.ts";
import { Config } from "./schema.ts";
import { Secret } from "./secrets.ts";

/** A configuration that was read and checked: paths absolute, secrets revealed only on demand. */
export interface LoadedConfig {
  config: Config;
  file: string;
  stateDirectory: string;
  /** By the configuration path of its SecretSource, such as `sources.0.token`. */
  secrets: ReadonlyMap<string, Secret>;
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

/** The same from a text; `file` is where relative paths start from and what errors name. */
export function parseConfig(
  text: string,
  file: string,
  environment: Environment,
): { loaded: LoadedConfig; problems?: undefined } | { problems: Problem[]; loaded?: undefined } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    return {
      problems: document.errors.map((error) => ({
        code: "config_not_yaml",
        where: at(error.pos[0]),
        message: error.message.split("\n")[0] ?? "not YAML",
        remedy: "correct the YAML at that place",
      })),
    };
  }

  const whereOf = (path: readonly PropertyKey[]): string => {
    for (let length = path.length; length >= 0; length--) {
      const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      const range = (node as { range?: [number, number, number] | null } | undefined)?.range;
      if (range) return at(range[0]);
    }
    return file;
  };
  const problems: Problem[] = [];
  const problem = (path: readonly PropertyKey[], code: string, message: string, remedy?: string) =>
    problems.push({
      code,
      where: whereOf(path),
      message: `${path.join(".") || "(file)"}: ${message}`,
      remedy,
    });

  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return { problems: [{ code: "config_not_yaml", where: file, message: messageOf(error) }] };
  }
  const checked = Config.safeParse(raw ?? {});
  if (!checked.success)
    for (const issue of checked.error.issues) problem(issue.path, "config_invalid", messageOfIssue(issue));
  // What needs more than one value is checked on what could be read, so that one run tells everything.
  const config = checked.success ? checked.data : undefined;
  const secrets = new Map<string, Secret>();
  if (config !== undefined) {
    const base = dirname(resolve(file));
    const secret = (path: readonly PropertyKey[], source: SecretSource) => {
      if (environment === null) return;
      const read = readSecret(source, base, environment);
      if (read.problem !== undefined) problem(path, "secret_missing", read.problem, read.remedy);
      else secrets.set(path.join("."), read.secret);
    };
    checkReferences(config, problem);
    for (const [i, source] of config.sources.entries())
      if (source.token) secret(["sources", i, "token"], source.token);
    for (const [i, tool] of config.tools.entries()) secret(["tools", i, "secret"], tool.secret);
    for (const [i, channel] of config.notify.entries()) {
      const source = SecretSource.safeParse(channel.settings.secret);
      if (source.success) secret(["notify", i, "settings", "secret"], source.data);
    }
    checkSurroundings({ config, base, secrets: environment === null ? null : secrets, tell: problem });
    if (problems.length === 0) {
      const absolute = (path: string) => resolve(base, path);
      config.rules = config.rules.map(absolute);
      for (const { tls } of tlsOf(config)) {
        tls.certificate = absolute(tls.certificate);
        tls.key = absolute(tls.key);
        if (tls.clients !== undefined) tls.clients.authority = absolute(tls.clients.authority);
      }
      return { loaded: { config, file, stateDirectory: resolve(base, config.state_directory), secrets } };
    }
  }
  return { problems };
}

function checkReferences(config: Config, tell: Tell): void {
  const known = (names: readonly { name: string }[]) => names.map((each) => each.name).join(", ");
  for (const [i, source] of config.sources.entries()) {
    const connector = INBOUND.find((each) => each.name === source.connector);
    if (connector === undefined) {
      tell(
        ["sources", i, "connector"],
        "connector_unknown",
        `no inbound connector "${source.connector}"`,
        `one of: ${known(INBOUND)}`,
      );
    } else if (source.listen.length === 0 && source.token === undefined) {
      tell(["sources", i], "source_deaf", "nothing can arrive", "give listen (sockets) or token (HTTP)");
    } else if (source.token !== undefined && connector.decode === undefined) {
      tell(
        ["sources", i, "token"],
        "source_not_http",
        `${connector.name} does not come over HTTP`,
        "give listen instead",
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
  repeated(config.systems, ["systems"], tell);
  repeated(config.notify, ["notify"], tell);
  repeated(config.outbound, ["outbound"], tell);
  repeated(config.tools, ["tools"], tell);
  for (const [i, system] of config.systems.entries()) {
    for (const [j, other] of system.depends_on.entries()) {
      if (!config.systems.some((each) => each.id === other)) {
        tell(
          ["systems", i, "depends_on", j],
          "system_unknown",
          `no system "${other}"`,
          "name the id of a system of this file",
        );
      }
    }
  }
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

function settings(schema: z.ZodType, value: unknown, path: readonly PropertyKey[], tell: Tell): void {
  const checked = schema.safeParse(value);
  if (!checked.success) {
    for (const issue of checked.error.issues)
      tell([...path, ...issue.path], "config_invalid", messageOfIssue(issue));
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

function messageOfIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys")
    return `unknown key ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
  return issue.message;
}

function readSecret(
  source: SecretSource,
  base: string,
  environment: Readonly<Record<string, string | undefined>>,
): { secret: Secret; problem?: undefined } | { problem: string; remedy: string } {
  if ("env" in source) {
    const value = environment[source.env];
    if (value) return { secret: new Secret(value) };
    return { problem: `the environment has no ${source.env}`, remedy: "set it, or name a file" };
  }
  const path = resolve(base, source.file);
  try {
    const value = readFileSync(path, "utf8").trim();
    if (value.length >= 16) return { secret: new Secret(value) };
    return {
      problem: `${path} holds fewer than 16 characters`,
      remedy: "put a longer secret there (openssl rand -base64 32)",
    };
  } catch (error) {
    return { problem: messageOf(error), remedy: "create the file, readable by the service only" };
  }
}
