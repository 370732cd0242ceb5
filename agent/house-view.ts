import { X509Certificate } from "node:crypto";
import { readFileSync, statfsSync, statSync } from "node:fs";
import type { MetricObjectWithValues, MetricValue } from "prom-client";
import type { LoadedConfig } from "../config/load.ts";
import { type CanaryStatus, openCanaryStatus } from "./canary/canary-status.ts";
import type { Clock, Instant } from "./core/clock.ts";
import { messageOf } from "./core/errors.ts";
import type {
  CertificateView,
  HouseView,
  SettingLine,
  SourceView,
  UnderstoodRecord,
} from "./core/house-view.ts";
import { type CopyStatus, openCopyStatus } from "./crisis/copy-status.ts";
import { kitView } from "./crisis/kit-record.ts";
import { stateFiles } from "./setup.ts";
import type { Heard } from "./share-heard.ts";
import { type HourCounts, hourCounts } from "./telemetry/hour-counts.ts";

type Metrics = MetricObjectWithValues<MetricValue<string>>[];

/** Between two samples of what was received, ms. */
const SAMPLE_EVERY = 60_000;
const RECEIVED = ["tocsin_intake_records_received_total"];
const LOST = ["tocsin_intake_lost_total", "tocsin_intake_udp_dropped_total"];

/** What the daemon tells of itself; `stop` ends the sampling. */
export function openHouseView(parts: {
  loaded: () => LoadedConfig;
  clock: Clock;
  version: string;
  metrics: () => Promise<Metrics>;
  understood: () => Promise<UnderstoodRecord[]>;
  tryRecord: HouseView["tryRecord"];
  rules: HouseView["rules"];
  unfedRules: HouseView["unfedRules"];
  /** What other processes heard of sources, where this one takes none in. */
  heard?: (() => Promise<Map<string, Heard>>) | undefined;
  causes: () => string[];
  /** The configuration that was refused last. */
  refused: HouseView["refusedSettings"];
  storeTrouble: HouseView["storeTrouble"];
}): HouseView & { stop(): void; copyStatus: CopyStatus; canaryStatus: CanaryStatus } {
  const canaryStatus = openCanaryStatus();
  const copyStatus = openCopyStatus(parts.loaded, parts.clock);
  const { loaded, clock, metrics, rules, causes } = parts;
  const hours = { received: hourCounts(), lost: hourCounts() };
  const sample = () =>
    void metrics().then(
      (all) => {
        hours.received.sample(totalsOf(all, ...RECEIVED), clock.now());
        hours.lost.sample(totalsOf(all, ...LOST), clock.now());
      },
      () => undefined,
    );
  const sampling = setInterval(sample, SAMPLE_EVERY);
  sampling.unref();
  sample();
  return {
    started: clock.now(),
    version: parts.version,
    async sources() {
      const [all, understood, heard] = await Promise.all([metrics(), parts.understood(), parts.heard?.()]);
      const now = clock.now();
      const { bus, sources } = loaded().config;
      return sources.map((source) => ({
        ...sourceOf(source, all, { hours, now }),
        ...heard?.get(source.id),
        elsewhere: heard !== undefined || bus !== undefined,
        understood: understood.filter((each) => each.source === source.id),
      }));
    },
    tryRecord: parts.tryRecord,
    rules,
    unfedRules: parts.unfedRules,
    settings: () => settingsOf(loaded()),
    causes,
    refusedSettings: parts.refused,
    storeTrouble: parts.storeTrouble,
    certificates: () => certificatesOf(loaded()),
    disk: () => diskOf(loaded().stateDirectory),
    copyStatus,
    copies: copyStatus.views,
    canaryStatus,
    canary: canaryStatus.view,
    kit: () => kitView(loaded(), clock.now()),
    stop: () => clearInterval(sampling),
  };
}

/** The sum of counters, by source. */
function totalsOf(all: Metrics, ...names: readonly string[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { labels, value } of all.flatMap((each) => (names.includes(each.name) ? each.values : []))) {
    const source = String(labels.source ?? "");
    totals.set(source, (totals.get(source) ?? 0) + value);
  }
  return totals;
}

function sourceOf(
  { id, connector, listen, poll, silent_after_minutes }: LoadedConfig["config"]["sources"][number],
  all: Metrics,
  { hours, now }: { hours: Record<"received" | "lost", HourCounts>; now: Instant },
): Omit<SourceView, "understood" | "elsewhere"> {
  const total = (name: string) => totalsOf(all, `tocsin_intake_${name}`).get(id) ?? 0;
  const received = total("records_received_total");
  const within = hours.received.of(id, received, now);
  const lost = totalsOf(all, ...LOST).get(id) ?? 0;
  const lastSeen = total("last_seen_seconds");
  const outcomes = all.find(({ name }) => name === "tocsin_intake_records_total")?.values ?? [];
  const kept = outcomes.find(({ labels }) => labels.source === id && labels.outcome === "stored");
  return {
    id,
    connector,
    ways: [
      ...(listen ?? []).map((each) => `${each.transport} ${each.address}:${each.port}`),
      ...(poll === undefined ? [] : ["interrogée par Tocsin"]),
      ...(listen === undefined && poll === undefined ? ["reçue en HTTP"] : []),
    ],
    silentAfter: silent_after_minutes === undefined ? null : silent_after_minutes * 60_000_000,
    lastSeen: lastSeen === 0 ? null : lastSeen * 1_000_000,
    silent: total("source_silent") > 0,
    received,
    kept: kept?.value ?? 0,
    unrecognised: total("unrecognised_total"),
    refused: total("refused_total"),
    passedOver: total("records_gated_total"),
    lost,
    lostLastHour: hours.lost.of(id, lost, now)?.count ?? 0,
    lastHour: within?.count ?? null,
    hourFrom: within?.from ?? null,
  };
}

const MODES = { observe: "observation (aucun envoi)", exercise: "exercice", live: "réel" } as const;

/** The settings in words, by section: what is listed is chosen here, so that no secret is among them by mistake. */
function settingsOf({ config, stateDirectory }: LoadedConfig): { title: string; lines: SettingLine[] }[] {
  const line = (name: string, value: string | number | undefined): SettingLine[] =>
    value === undefined || value === "" ? [] : [{ name, value: String(value) }];
  const { facility, listeners } = config;
  const listener = (name: string, { address, port, tls }: { address: string; port: number; tls?: unknown }) =>
    line(name, `${address}:${port}${tls === undefined ? "" : ", TLS"}`);
  return [
    {
      title: "Établissement",
      lines: [
        ...line("Nom", facility.name),
        ...line("Identifiant", facility.id),
        ...line("FINESS géographique", facility.finess_site),
        ...line("FINESS juridique", facility.finess_legal),
        ...line("ARS", facility.ars),
        ...line("Fuseau horaire", facility.time_zone),
        ...line("Mode", MODES[config.mode]),
        ...line("Textes de loi", config.regimes.join(", ")),
      ],
    },
    {
      title: "Adresses",
      lines: [
        ...listener("Pages", listeners.people),
        ...line("Adresse publique", listeners.people.public_url),
        ...listener("Sources en HTTP", listeners.intake),
        ...listener("Surveillance", listeners.operations),
        ...line("Dossier d’état", stateDirectory),
      ],
    },
    { title: "Sources", lines: config.sources.flatMap(({ id, connector }) => line(id, connector)) },
    {
      title: "Règles",
      lines: [
        ...config.rules.flatMap((folder, i) =>
          line(`Dossier de règles ${i + 1}`, typeof folder === "string" ? folder : folder.path),
        ),
        ...config.mappings.flatMap((folder, i) => line(`Correspondances ${i + 1}`, folder)),
      ],
    },
    {
      title: "Moyens d’appel",
      lines: config.notify.flatMap((each) => line(each.id, `${each.connector}, pour ${each.for.join(", ")}`)),
    },
    { title: "Voies de dépôt", lines: config.outbound.flatMap(({ id, connector }) => line(id, connector)) },
    {
      title: "Outils qui décident par webhook",
      lines: config.tools.flatMap(({ id }) => line(id, "signature vérifiée")),
    },
    {
      title: "Applications et services",
      lines: config.systems.flatMap(({ id, name, degraded_after_minutes }) =>
        line(
          name,
          `${id}, ${degraded_after_minutes === 0 ? "son arrêt ne mène pas au papier" : `papier après ${degraded_after_minutes} min`}`,
        ),
      ),
    },
  ];
}

function certificatesOf({ config }: LoadedConfig): CertificateView[] {
  const listeners = Object.entries(config.listeners).flatMap(([name, { tls }]) =>
    tls === undefined ? [] : [{ where: `listeners.${name}`, file: tls.certificate }],
  );
  const sources = config.sources.flatMap(({ id, listen }) =>
    (listen ?? []).flatMap((each) =>
      "tls" in each && each.tls !== undefined ? [{ where: `sources.${id}`, file: each.tls.certificate }] : [],
    ),
  );
  return [...listeners, ...sources].map(({ where, file }) => {
    try {
      const { subject, validToDate } = new X509Certificate(readFileSync(file));
      return { where, subject, until: validToDate.getTime() * 1000, problem: null };
    } catch (error) {
      return { where, subject: file, until: null, problem: messageOf(error) };
    }
  });
}

function diskOf(folder: string): ReturnType<HouseView["disk"]> {
  const { database } = stateFiles(folder);
  const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let free: number | null = null;
  try {
    const { bavail, bsize } = statfsSync(folder);
    free = bavail * bsize;
  } catch {
    // A file system that does not tell is no fault of the daemon.
  }
  return { database: sizeOf(database), log: sizeOf(`${database}-wal`), free, folder };
}
