import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { System } from "../../agent/core/asset.ts";
import { type Clock, type Instant, instantFromIso, MICROSECONDS } from "../../agent/core/clock.ts";
import type { Decision } from "../../agent/core/decision.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import type { Account } from "../../agent/core/person.ts";
import { DEFAULT_RULES } from "../../agent/setup.ts";
import type { Desk } from "../../agent/stages/desk/desk.ts";
import { openDesk } from "../../agent/stages/desk/open-desk.ts";
import { openSweeper, type Sweeper } from "../../agent/stages/effects/sweep.ts";
import { parseText } from "../../agent/stages/ingest.ts";
import { linkCodes } from "../../agent/stages/links/link-codes.ts";
import { locator } from "../../agent/stages/locate.ts";
import { openMutes } from "../../agent/stages/mute/mutes.ts";
import { openOutages } from "../../agent/stages/mute/outages.ts";
import { openPipeline } from "../../agent/stages/open-pipeline.ts";
import type { Pipeline } from "../../agent/stages/pipeline.ts";
import type { OpenOutbound } from "../../agent/stages/transmit.ts";
import type { Setup, WayOut } from "../../agent/stages/work.ts";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import type { Store, StoredAlert } from "../../agent/store/store.ts";
import type { Attempt, AttemptContext, Filing, Message } from "../../connectors/contract.ts";
import { loadRules } from "../../rules/engine/load.ts";
import { compileRules, matchAlert } from "../../rules/engine/rule-set.ts";
import { loadRegimes } from "../../rules/regimes/load-regime.ts";
import { NIGHT } from "./incident.ts";
import { MASKS } from "./masks.ts";

const LOADED = loadRules([DEFAULT_RULES]);
const RULES = compileRules(LOADED.rules);
const CODES = linkCodes("a secret for tests only");

export const SYSTEMS = [
  {
    id: "pacs",
    name: "PACS",
    kind: "imaging",
    hosts: ["pacs-*"],
    health_data: true,
    care_critical: true,
    degraded_after_minutes: 30,
    depends_on: ["annuaire"],
  },
  {
    id: "dpi",
    name: "DPI",
    kind: "patient_record",
    hosts: ["dpi-*"],
    health_data: true,
    care_critical: true,
    degraded_after_minutes: 60,
  },
  { id: "annuaire", name: "Annuaire", kind: "directory", hosts: ["dc0*"], trusted_by_others: true },
  { id: "samu", name: "Régulation SAMU", kind: "emergency_call", hosts: ["samu-*"], care_critical: true },
].map((system) => System.parse(system));

/** A clock that a test moves. */
export interface HandClock extends Clock {
  set(to: Instant): void;
  pass(minutes: number): void;
}

export interface Line {
  /** Minutes after NIGHT, on the event's clock. */
  minute?: number;
  host?: string;
  message: string;
  more?: Record<string, unknown>;
  /** The source's own identity of the event. */
  id?: string;
}

/** The stages on a real store, with the default pack, a clock in hand and channels that remember. */
export interface Stages {
  /** Folder of the record and its key. */
  directory: string;
  store: Store;
  clock: HandClock;
  pipeline: Pipeline;
  desk: Desk;
  sweeper: Sweeper;
  setup: Setup;
  messages: Message[];
  /** The same with the channel and whom it was to reach. */
  sent: { channel: string; message: Message; context: AttemptContext }[];
  /** When the clock stood at the beginning. */
  begun: Instant;
  /** What a channel answers whenever nothing is in `answers`. */
  answerBy: Map<string, Attempt>;
  filings: Filing[];
  delegate: Account;
  /** What the next calls of the outside world answer; delivered when empty. */
  answers: Attempt[];
  take(...lines: Line[]): Promise<void>;
  /** The same store served by a new process. */
  restart(): Promise<Stages>;
  close(): Promise<void>;
}

export interface StagesOptions {
  mode?: Setup["mode"];
  reach?: "assisted" | "exercise" | "authority";
  /** Ways out in place of the one of `reach`, in order. */
  ways?: readonly WayOut[];
  repeatable?: boolean;
  /** What really carries, by the id of its way, in place of what only counts. */
  carriers?: ReadonlyMap<string, OpenOutbound>;
  /** What a way answers when it is asked what became of a filing, by its id; one that is not named cannot be asked. */
  asked?: Record<string, Attempt[]>;
  /** Ways whose receiver has to confirm that it arrived. */
  handsOn?: readonly string[];
  /** In place of SYSTEMS. */
  systems?: readonly System[];
  /** Law packs, that of the health code first. */
  regimes?: string[];
  facility?: Partial<Setup["facility"]>;
  /** In place of one fixed channel a role. */
  channels?: Setup["notify"];
  calls?: Setup["calls"];
  /** In place of the delegate. */
  accounts?: readonly Account[];
  /** In place of a store in this thread. */
  store?: ((place: { file: string; keyFile: string }) => Promise<Store>) | undefined;
}

export async function openStages(options: StagesOptions = {}): Promise<Stages> {
  const directory = mkdtempSync(join(tmpdir(), "tocsin-stages-"));
  let now = NIGHT;
  const clock: HandClock = {
    now: () => now,
    set: (to) => {
      now = to;
    },
    pass: (minutes) => {
      now += minutes * MICROSECONDS.minute;
    },
  };
  const newId = uuidv7(clock);
  const place = { file: join(directory, "t.sqlite"), keyFile: join(directory, "key.pem") };
  const signingKey = makeSigningKey(place.keyFile);
  const store = (await options.store?.(place)) ?? openSqlite({ file: place.file, signingKey, clock });
  const delegate: Account = {
    id: "acc-1",
    login: "anne.martin",
    name: "Anne Martin",
    role: "delegate",
    function: "Directrice adjointe",
    email: "a.martin@ch.example",
    phone: "01",
    active: true,
    created: now,
  };
  await store.commit({
    facility: "ch-exemple",
    at: now,
    writes: (options.accounts ?? [delegate]).map((account) => ({
      write: "record",
      kind: "account",
      id: account.id,
      revision: 1,
      incident: null,
      state: account.role,
      content: account,
    })),
  });
  return serve({ directory, clock, newId, store, delegate, options });
}

async function serve(parts: {
  directory: string;
  clock: HandClock;
  newId: () => string;
  store: Store;
  delegate: Account;
  options: StagesOptions;
}): Promise<Stages> {
  const { clock, newId, store, options, delegate } = parts;
  const { mode = "exercise", reach = "exercise", repeatable = true, systems = SYSTEMS } = options;
  const messages: Message[] = [];
  const filings: Filing[] = [];
  const answers: Attempt[] = [];
  const answer = (): Attempt =>
    answers.shift() ?? { outcome: "delivered", because: "test", reference: "EXERCICE-1" };
  const setup: Setup = {
    facility: {
      id: "ch-exemple",
      name: "CH Exemple",
      kind: "etablissement_de_sante",
      address: "",
      ars: "",
      time_zone: "Europe/Paris",
      ...options.facility,
    },
    mode,
    systems: new Map(systems.map((system) => [system.id, system])),
    locate: locator(systems),
    regimes: loadRegimes(options.regimes ?? ["sante-2022", "sante-2016", "rgpd-33"]),
    calls: options.calls,
    notify: options.channels ?? [
      { id: "astreinte", for: ["on_call"] },
      { id: "deleguee", for: ["delegate"] },
      { id: "rssi", for: ["rssi"] },
    ],
    outbound: options.ways ?? [{ id: "sortie", reach }],
    newId,
    masks: MASKS,
    mutes: openMutes(systems),
    outages: openOutages(systems),
  };
  const pipeline = await openPipeline({ store, setup, clock, correlations: LOADED.correlations });
  const sent: Stages["sent"] = [];
  const answerBy = new Map<string, Attempt>();
  const channelOf = (channel: string) => ({
    repeatable,
    send: async (message: Message, context: AttemptContext) => {
      messages.push(message);
      sent.push({ channel, message, context });
      return (answers.length === 0 ? answerBy.get(channel) : undefined) ?? answer();
    },
  });
  const outbound = (way: WayOut) => ({
    repeatable,
    handsOn: options.handsOn?.includes(way.id) ?? false,
    send: async (filing: Filing) => {
      filings.push(filing);
      return answer();
    },
    ...(way.id in (options.asked ?? {}) && {
      ask: async (): Promise<Attempt> =>
        options.asked?.[way.id]?.shift() ?? { outcome: "uncertain", because: "pas de réponse" },
    }),
  });
  const sweeper = openSweeper({
    store,
    pipeline,
    setup,
    clock,
    owner: newId(),
    channels: new Map(setup.notify.map(({ id }) => [id, channelOf(id)])),
    outbounds: new Map(setup.outbound.map((way) => [way.id, options.carriers?.get(way.id) ?? outbound(way)])),
    print: async ({ version }) => Buffer.from(`%PDF-1.7 version ${version}`),
    page: (path) => `https://tocsin.example/${path}`,
    codes: CODES,
    random: () => 0.5,
    signal: new AbortController().signal,
  });
  const desk = openDesk({
    store,
    pipeline,
    setup,
    clock,
    decided: (_: Decision) => undefined,
    planned: () => undefined,
    codes: CODES,
  });
  return {
    directory: parts.directory,
    store,
    clock,
    pipeline,
    desk,
    sweeper,
    setup,
    messages,
    sent,
    begun: NIGHT,
    answerBy,
    filings,
    delegate,
    answers,
    async take(...lines) {
      const writes = lines.flatMap(({ minute = 0, host = "pacs-01", message, more = {}, id = null }) => {
        const occurred = NIGHT + minute * MICROSECONDS.minute;
        const record = JSON.stringify({
          "@timestamp": new Date(occurred / 1000).toISOString(),
          host,
          message,
          ...more,
        });
        const parsed = parseText("generic", record, { received: clock.now(), zone: "UTC" });
        if (parsed.alert === undefined) throw new Error(`not read: ${parsed.error?.message}`);
        const matches = matchAlert(RULES, parsed.alert);
        const alert: StoredAlert = {
          id: newId(),
          source: "test",
          received: clock.now(),
          occurred: instantFromIso(parsed.alert["@timestamp"] ?? "") ?? clock.now(),
          eventId: id,
          alert: parsed.alert,
        };
        if (matches.length === 0) throw new Error(`no rule matches: ${record}`);
        return [
          {
            write: "alert" as const,
            alert,
            detections: matches.map((match) => ({ id: newId(), alert: alert.id, ...match })),
          },
        ];
      });
      await store.commit({ facility: "ch-exemple", at: clock.now(), writes });
      while ((await pipeline.advance()) > 0);
    },
    restart: () => serve(parts),
    async close() {
      await store.close();
      rmSync(parts.directory, { recursive: true, force: true });
    },
  };
}

export const DELETED: Line = { message: "vssadmin.exe delete shadows /all /quiet" };
export const NOTE: Line = {
  message: "file created HOW_TO_DECRYPT.txt",
  more: { file: "/srv/HOW_TO_DECRYPT.txt" },
};
export const down = (host: string, minute = 0): Line => ({
  host,
  minute,
  message: `Problem: Service "${host}" is not running on ${host}, severity High`,
});
export const up = (host: string, minute = 0): Line => ({
  host,
  minute,
  message: `Resolved: Service "${host}" is running on ${host}`,
});
