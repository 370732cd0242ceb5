import type { MessagePort } from "node:worker_threads";
import type { Problem } from "../core/errors.ts";
import type { BusStatus } from "./bus.ts";
import type { Heard, Receiving, RuleSets } from "./presence.ts";
import type { PublisherReport } from "./publisher.ts";

/** What the thread that started the bus tells it. */
export type BusOrder =
  | { order: "serve"; port: MessagePort }
  | { order: "answer" | "stop" }
  | { order: "report"; id: number }
  /** What this receiver has heard, and the rules it has: told to the correlator from now on. */
  | { order: "announce"; heard?: Heard | undefined; rules?: RuleSets | undefined };

/** What the bus thread tells the one that started it. */
export type BusReport =
  | { report: "ready" }
  | { report: "here" }
  | { report: "refused" | "trouble"; problem: Problem }
  | { report: "status"; status: BusStatus }
  | { report: "report"; id: number; figures: PublisherReport }
  /** The correlator says which rule set all shall use. */
  | { report: "active"; active: Receiving };
