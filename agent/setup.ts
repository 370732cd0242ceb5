import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reachesOf } from "../config/check-notify.ts";
import type { LoadedConfig } from "../config/load.ts";
import { DEPENDENCY_WORDS, type DependencyWord } from "../config/notify.ts";
import type { Poll } from "../config/poll.ts";
import { openRosters } from "../config/rosters/open-rosters.ts";
import type { Config } from "../config/schema.ts";
import { type Signature, schemeOf } from "../config/signature.ts";
import type { Reveal } from "../connectors/contract.ts";
import { NOTIFIERS, OUTBOUNDS } from "../connectors/ways-out.ts";
import { plainFolders, type RuleFolder } from "../rules/meanings/load-rule-folders.ts";
import { loadRegimes } from "../rules/regimes/load-regime.ts";
import { openPacks } from "../rules/regimes/open-packs.ts";
import { MICROSECONDS } from "./core/clock.ts";
import { TocsinError } from "./core/errors.ts";
import type { NewId } from "./core/id.ts";
import { compilePattern } from "./core/identities/identifier-pattern.ts";
import { maskIdentities } from "./core/identities/mask-identities.ts";
import type { Masks } from "./core/masked.ts";
import type { Calls, Dependency } from "./core/roster.ts";
import type { SignatureCheck } from "./intake/signature.ts";
import type { HttpSource } from "./intake/sources.ts";
import type { IntakeData } from "./intake/thread.ts";
import type { Duties } from "./roles.ts";
import { planAlarm } from "./stages/access-alarm.ts";
import { locator } from "./stages/locate.ts";
import { openMutes } from "./stages/mute/mutes.ts";
import { openOutages } from "./stages/mute/outages.ts";
import type { OpenChannel } from "./stages/notify.ts";
import type { NotedSettings } from "./stages/register/note-settings.ts";
import type { OpenOutbound } from "./stages/transmit.ts";
import type { Setup, WayOut } from "./stages/work.ts";
import type { AccessSettings } from "./web/access.ts";

type Allowed = NonNullable<HttpSource["client"]>;

/** The rules that come with the program. */
export const DEFAULT_RULES = join(import.meta.dirname, "../rules/detection");

/** Every folder of rules of an installation: the default pack, then those of its configuration. */
export function ruleFoldersOf({ rules }: Pick<Config, "rules">): RuleFolder[] {
  return [...plainFolders([DEFAULT_RULES]), ...rules];
}

/** Every file and folder from which rules and mappings are read. */
export function ruleFilesOf(config: Pick<Config, "rules" | "mappings">): string[] {
  return [...ruleFoldersOf(config).flatMap(({ path, meanings }) => [path, ...meanings]), ...config.mappings];
}

/** Files of the state directory. */
export function stateFiles(directory: string) {
  return {
    database: join(directory, "tocsin.sqlite"),
    signingKey: join(directory, "signing-key.pem"),
    sessionSecret: join(directory, "session-secret"),
    /** What makes the marks of masked identities: without it they lead back to nobody. */
    maskSecret: join(directory, "mask-secret"),
    /** What people send, until it is answered. */
    uploads: join(directory, "envois"),
    /** What people have searched from pages: where each search stands, and its recording. */
    searches: join(directory, "recherches"),
  };
}

/** What masks patients by a configuration; `told` hears the kind of each identity masked. */
export function masksOf(
  { identities }: Pick<Config, "identities">,
  secret: string,
  told?: (kind: string) => void,
): Masks {
  const patterns = identities.patterns.map((pattern, i) => {
    const compiled = compilePattern(pattern);
    if (!("refused" in compiled)) return compiled;
    const where = `identities.patterns.${i}.pattern`;
    throw new TocsinError({ code: "pattern_refused", where, message: compiled.refused });
  });
  return maskIdentities({ secret, patterns, keep: identities.keep, told });
}

/** What masks where nothing is to be compared with another day: logs, a replay. The marks last as long as the process. */
export function passingMasks({ config }: Pick<LoadedConfig, "config">): Masks {
  return masksOf(config, randomBytes(32).toString("base64url"));
}

/** What of a configuration the stages work with. */
export function setupOf(
  { config, assets }: Pick<LoadedConfig, "config" | "assets">,
  newId: NewId,
  masks: Masks,
): Setup {
  return {
    facility: config.facility,
    mode: config.mode,
    systems: new Map(config.systems.map((system) => [system.id, system])),
    locate: locator(config.systems, assets),
    regimes: loadRegimes(config.regimes, openPacks(config.packs).source),
    notify: config.notify.map((channel) => ({
      id: channel.id,
      for: channel.for,
      depends_on: channel.depends_on.map((name) => dependencyOf(config, name)),
      reaches: reachesOf(channel),
      speaks: channel.connector === "voice",
    })),
    calls: callsOf(config),
    handover: config.handover,
    outbound: config.outbound.flatMap((channel) => {
      const connector = OUTBOUNDS.find((each) => each.name === channel.connector);
      return connector === undefined ? [] : [wayOutOf(connector, channel)];
    }),
    newId,
    masks,
    mutes: openMutes(config.systems),
    outages: openOutages(config.systems),
  };
}

function wayOutOf(connector: (typeof OUTBOUNDS)[number], channel: Config["outbound"][number]): WayOut {
  const { id, kind, duties, settings } = channel;
  return {
    id,
    reach: connector.reach,
    kind: kind ?? connector.kinds[0],
    fallback: connector.fallback === true,
    duties,
    guide: connector.guide(connector.config.parse(settings)),
  };
}

/** What a channel cannot do without, by a word of the configuration or the id of a system. */
function dependencyOf({ dependencies, systems }: Config, name: string): Dependency {
  if (Object.hasOwn(DEPENDENCY_WORDS, name)) {
    const word = name as DependencyWord;
    return { ...DEPENDENCY_WORDS[word], systems: dependencies[word] };
  }
  const label = systems.find(({ id }) => id === name)?.name ?? name;
  return { systems: [name], label, feminine: false };
}

/** How people on call are called; undefined without a roster. */
function callsOf({ rosters, escalation, facility }: Config): Calls | undefined {
  if (rosters.length === 0) return undefined;
  const files = rosters.map(({ file, for: role }) => ({ file, role }));
  return {
    rosters: openRosters(files, facility.time_zone),
    remindAfter: escalation.remind_after_minutes * MICROSECONDS.minute,
    nextAfter: escalation.next_after_minutes * MICROSECONDS.minute,
    delegateAfter: escalation.delegate_after_minutes * MICROSECONDS.minute,
    rounds: escalation.rounds,
  };
}

/** What of a configuration an auditor follows from one start to the next: a change of it is noted in the journal. */
export function notedSettings(config: Config): NotedSettings {
  const byId = <T extends { id: string }>(list: readonly T[]) => new Map(list.map((each) => [each.id, each]));
  const whole = (...sections: [string, unknown][]) => new Map(sections);
  return {
    facility: whole(
      ["établissement", config.facility],
      ["mode", config.mode],
      ["textes de loi", config.regimes],
      ["sauvegardes", config.backup ?? null],
      ["valise de crise", config.crisis ?? null],
      ["points de contrôle chez des tiers", config.anchors ?? null],
      ["traces envoyées", config.traces ?? null],
      ["chiffrement", config.encryption ?? null],
      ["base partagée", config.store ?? null],
      ["bus", config.bus ?? null],
      ["groupe", config.group ?? null],
      ["canari", config.canary],
      ["sites", config.sites],
      ["identifiants masqués", config.identities],
      ["dépendances", config.dependencies],
    ),
    rules: whole(
      ["dossiers de règles", config.rules],
      ["valeurs des règles", config.placeholders],
      ["correspondances", config.mappings],
      ["textes de loi reçus", config.packs],
      ["rattachement des machines", config.assets],
    ),
    access: whole(
      ["pages", config.listeners.people],
      ["réception", config.listeners.intake],
      ["surveillance", config.listeners.operations],
      ["connexion", config.people],
      ["limites", config.limits],
    ),
    systems: byId(config.systems),
    sources: byId(config.sources),
    notify: byId(config.notify),
    outbound: byId(config.outbound),
    tools: byId(config.tools),
    roster: whole(
      ["tours de garde", config.rosters],
      ["relances", config.escalation],
      ["relève du matin", config.handover ?? null],
    ),
    retention: whole(["durées", config.retention ?? null]),
  };
}

/** What of a configuration the intake thread works with, by what its process does: digests of tokens, never tokens. */
export function intakeData(
  loaded: LoadedConfig,
  { listens, correlates }: Pick<Duties, "listens" | "correlates">,
): IntakeData {
  const { config, secrets } = loaded;
  const digest = (path: string) => createHash("sha256").update(reveal(secrets, path)).digest();
  return {
    facility: config.facility.id,
    rules: ruleFoldersOf(config),
    placeholders: config.placeholders,
    mappings: config.mappings,
    sources: config.sources.map(({ id, connector, zone, listen, token, ...source }, i) => ({
      id,
      connector,
      zone: zone ?? config.facility.time_zone,
      listen: listens ? listen : [],
      tokenDigest: token === undefined ? undefined : digest(`sources.${i}.token`),
      signature:
        source.signature &&
        signatureCheck(source.signature, reveal(secrets, `sources.${i}.signature.secret`)),
      client: source.client && allowedClients(source.client, config.listeners.intake.tls?.clients),
      poll:
        source.poll && correlates
          ? {
              settings: source.poll,
              authorization: authorizationOf(source.poll, (name) =>
                reveal(secrets, `sources.${i}.poll.${name}`),
              ),
            }
          : undefined,
      silentAfter: source.silent_after_minutes && source.silent_after_minutes * MICROSECONDS.minute,
    })),
    http: listens ? config.listeners.intake : null,
    correlates,
    limits: config.limits,
  };
}

/** A source that names no certificate lets in those that the listener does. */
function allowedClients(own: Allowed, listener: Allowed | undefined): Allowed {
  const { names, fingerprints } = own.names.length + own.fingerprints.length > 0 ? own : (listener ?? own);
  return { names, fingerprints };
}

/** What the bodies of a source are checked with, by its secret. */
export function signatureCheck(signature: Signature, secret: string): SignatureCheck {
  const scheme = schemeOf(signature);
  const key =
    scheme.secret === "text" ? Buffer.from(secret) : Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return { scheme, key };
}

/** What an index is shown to be let in; undefined when it lets anyone in, or knows us by our certificate. */
export function authorizationOf(poll: Poll, secret: Reveal): string | undefined {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  if (poll.username !== undefined) return `Basic ${base64(`${poll.username}:${secret("password")}`)}`;
  if (poll.token !== undefined) return `Bearer ${secret("token")}`;
  if (poll.api_key === undefined) return undefined;
  const key = secret("api_key");
  return `ApiKey ${key.includes(":") ? base64(key) : key}`;
}

/** The ways to tell people, opened, by id. */
export function openChannels({ config, secrets }: LoadedConfig): Map<string, OpenChannel> {
  const open = new Map<string, OpenChannel>();
  for (const [i, { id, connector: name, settings }] of config.notify.entries()) {
    const connector = NOTIFIERS.find((each) => each.name === name);
    if (connector === undefined) continue;
    const opened = connector.open(connector.config.parse(settings), revealer(secrets, `notify.${i}`));
    open.set(id, { repeatable: opened.repeatable ?? connector.repeatable, send: opened.send });
  }
  return open;
}

/** The ways out, opened, by id; outside of `live` nothing that reaches an authority is even opened. */
export function openOutbounds({ config, secrets }: LoadedConfig): Map<string, OpenOutbound> {
  const open = new Map<string, OpenOutbound>();
  for (const [i, { id, connector: name, settings }] of config.outbound.entries()) {
    const connector = OUTBOUNDS.find((each) => each.name === name);
    if (connector === undefined || (connector.reach === "authority" && config.mode !== "live")) continue;
    const opened = connector.open(connector.config.parse(settings), revealer(secrets, `outbound.${i}`));
    const repeatable = opened.repeatable ?? connector.repeatable;
    open.set(id, { ...opened, repeatable, handsOn: connector.handsOn });
  }
  return open;
}

/** The tools whose signed decisions are heard. */
export function toolsOf({ config, secrets }: LoadedConfig): Map<string, { secret: string }> {
  return new Map(config.tools.map(({ id }, i) => [id, { secret: reveal(secrets, `tools.${i}.secret`) }]));
}

/** How people sign in, by a configuration. */
export function accessOf({ config, secrets }: LoadedConfig, setup: Setup): AccessSettings {
  const { sessions, oidc } = config.people;
  const match = { email: "email", preferred_username: "login" } as const;
  return {
    sessions: {
      idle: sessions.idle_minutes * MICROSECONDS.minute,
      absolute: sessions.absolute_hours * MICROSECONDS.hour,
    },
    proxies: config.listeners.people.proxies,
    alarm: (alarm) => planAlarm(alarm, setup),
    oidc: oidc && {
      label: oidc.label,
      issuer: oidc.issuer,
      clientId: oidc.client_id,
      clientSecret: reveal(secrets, "people.oidc.client_secret"),
      clientAuthentication: oidc.client_authentication,
      scope: oidc.scope,
      acrValues: oidc.acr_values,
      claim: oidc.claim,
      match: oidc.match ?? match[oidc.claim as keyof typeof match] ?? "identity",
      dependsOn: oidc.depends_on,
    },
  };
}

/** Reads a secret of the program's own, made at first use. */
export function ownSecret(file: string): string {
  if (!existsSync(file))
    writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  return readFileSync(file, "utf8").trim();
}

function revealer(secrets: LoadedConfig["secrets"], channel: string): Reveal {
  return (setting) => reveal(secrets, `${channel}.settings.${setting}`);
}

function reveal(secrets: LoadedConfig["secrets"], path: string): string {
  const secret = secrets.get(path);
  if (secret !== undefined) return secret.reveal();
  throw new TocsinError({
    code: "secret_missing",
    where: path,
    message: "no such secret",
    remedy: "give it in the configuration",
  });
}
