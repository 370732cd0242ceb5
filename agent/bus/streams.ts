import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  ReplayPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import { type NatsConnection, nanos } from "@nats-io/transport-node";
import type { Problem } from "../core/errors.ts";
import { type BusSettings, busNames, STREAM_BOUNDS } from "./bus.ts";
import { problemOfBus } from "./connect.ts";

/** The least server that syncs before it acknowledges, when told to. */
const SYNCS = { major: 2, minor: 10 };
const CLOSE_REPLICAS = 3;
/**
 * Messages handed to a correlator and not yet acknowledged: what it holds in memory at most. Twice as many large ones, and
 * the server ends the connection (64 MiB wait in it at most).
 */
export const MOST_UNACKED = 32;
/** After which a message that nobody acknowledged is handed out anew, s; a correlator at work says so meanwhile. */
export const ACK_WAIT_SECONDS = 30;

/** Opens the API without asking for the account, which a client of few permissions may not see. */
export const managerOf = (nats: NatsConnection): Promise<JetStreamManager> =>
  jetstreamManager(nats, { checkAPI: false, timeout: 5000 });

/** How the stream of a facility must be for nothing to be lost. */
export function streamConfig(
  facility: string,
  settings: BusSettings,
): Partial<StreamConfig> & { name: string } {
  const names = busNames(facility);
  const bounds = { ...STREAM_BOUNDS, ...settings.stream };
  return {
    name: names.stream,
    subjects: [names.alerts],
    storage: StorageType.File,
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    max_bytes: bounds.bytes,
    max_msg_size: bounds.message_bytes,
    duplicate_window: nanos(bounds.duplicate_seconds * 1000),
    num_replicas: settings.replicas,
  };
}

/** Makes the stream of a facility when it does not exist; answers what is wrong with the one that does. */
export async function ensureStream(
  manager: JetStreamManager,
  facility: string,
  settings: BusSettings,
): Promise<Problem | undefined> {
  const found = await streamInfo(manager, facility);
  if (found !== undefined) return streamProblem(found, settings);
  try {
    await manager.streams.add(streamConfig(facility, settings));
    return undefined;
  } catch (error) {
    return {
      ...problemOfBus(error),
      code: "bus_stream_refused",
      message: `the stream ${busNames(facility).stream} cannot be made: ${problemOfBus(error).message}`,
    };
  }
}

/** The stream of a facility as it stands; undefined when there is none. */
export async function streamInfo(
  manager: JetStreamManager,
  facility: string,
): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(busNames(facility).stream);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
      return undefined;
    throw error;
  }
}

/** What of a stream could lose messages, or sends them elsewhere; undefined when nothing does. */
export function streamProblem({ config }: StreamInfo, settings: BusSettings): Problem | undefined {
  const wrong: string[] = [];
  if (config.storage !== StorageType.File) wrong.push("its storage is not file");
  if (config.retention !== RetentionPolicy.Workqueue) wrong.push("its retention is not workqueue");
  if (config.discard !== DiscardPolicy.New) wrong.push("it discards old messages when it is full");
  if (config.max_age > 0) wrong.push("it forgets messages by age");
  if (config.no_ack === true) wrong.push("it acknowledges nothing");
  if (config.duplicate_window < nanos(300_000)) wrong.push("its duplicate window is under 5 minutes");
  if (settings.durability === "replicas" && config.num_replicas < CLOSE_REPLICAS)
    wrong.push(`it has ${config.num_replicas} replica${config.num_replicas > 1 ? "s" : ""}, fewer than 3`);
  if (wrong.length === 0) return undefined;
  return {
    code: "bus_not_durable",
    where: config.name,
    message: `the stream cannot be trusted: ${wrong.join(", ")}`,
    remedy: "edit the stream as docs/bus.md says, or set bus.durability to spool",
  };
}

/** Why a server cannot give the durability that is asked of it; undefined when it can. */
export function versionProblem(
  version: string | undefined,
  { durability }: BusSettings,
): Problem | undefined {
  if (durability !== "sync_always") return undefined;
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  if (major > SYNCS.major || (major === SYNCS.major && minor >= SYNCS.minor)) return undefined;
  return {
    code: "bus_not_durable",
    message: `nats-server ${version} has no sync_interval: it acknowledges before it syncs`,
    remedy: "upgrade it to 2.10 and set sync_interval: always, or set bus.durability to spool",
  };
}

/** The consumer of one correlator. */
export function consumerConfig(name: string) {
  return {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    ack_wait: nanos(ACK_WAIT_SECONDS * 1000),
    max_ack_pending: MOST_UNACKED,
    max_deliver: -1,
  };
}
