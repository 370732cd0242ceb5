import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { stateFiles } from "../../../agent/setup.ts";
import { checkpointsFileOf } from "../../../agent/store/checkpoints.ts";
import { loadPublicKey } from "../../../agent/store/keys.ts";
import { verifyDatabase } from "../../../agent/store/verify.ts";
import type { Message } from "../../../connectors/contract.ts";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../../support/daemon.ts";
import { decideByTool } from "../../support/decide-by-tool.ts";

/** What one telling of the story came to: what an invariant says is wrong, and the points it came by. */
export interface Told {
  violations: string[];
  /** Every point in the order it was come by, repeated ones too. */
  points: string[];
  /** True when the daemon was ended at the point that was asked for. */
  killed: boolean;
}

const HOOK = join(import.meta.dirname, "hook.ts");
/** By how much the clock is ahead in the second part, ms: reminders and clocks are due by then. */
const LATER = 3 * 24 * 3600 * 1000;
const ALERTS = 6;

/**
 * Plays one night with a real daemon, real alerts, a decision and an exercise filing, then three days later; the daemon is
 * ended as `kill -9` does at `killAt` (`before: claim notify#1`), started again, and everything is gone on with.
 */
export async function tellStory(killAt?: string): Promise<Told> {
  const receiver = await startReceiver();
  const house = await makeHouse({ webhook: receiver.url });
  const file = join(house.directory, "points.txt");
  const acknowledged: string[] = [];
  let daemon: Daemon | undefined;
  let killed = false;
  let later = 0;

  async function running(): Promise<Daemon> {
    if (daemon !== undefined && daemon.process.exitCode === null && daemon.process.signalCode === null)
      return daemon;
    for (let tries = 0; ; tries++) {
      const kill = killAt !== undefined && !killed;
      const environment = {
        NODE_OPTIONS: `--import ${HOOK}`,
        TOCSIN_POINTS: file,
        TOCSIN_LATER: String(later),
        ...(kill && daemon === undefined ? { TOCSIN_KILL_AT: killAt } : {}),
      };
      try {
        const started = await startDaemon(house, environment);
        started.process.once("exit", (_code, signal) => {
          if (signal === "SIGKILL") killed = true;
        });
        daemon = started;
        return started;
      } catch (error) {
        // It was ended on its way up.
        killed = true;
        if (tries === 3) throw error;
        daemon ??= { process: { exitCode: 1, signalCode: null } } as Daemon;
      }
    }
  }

  /** Does something that needs the daemon, again for as long as that ends under it. */
  async function insist<T>(work: (daemon: Daemon) => Promise<T | undefined>): Promise<T> {
    for (let tries = 0; tries < 300; tries++) {
      const now = await running();
      try {
        const done = await work(now);
        if (done !== undefined) return done;
      } catch (error) {
        if (now.process.exitCode === null && now.process.signalCode === null && tries > 20) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("the story does not go on");
  }

  try {
    const alerts = Array.from({ length: ALERTS }, (_, i) => relevant(`night-${i}`, `pacs-0${i % 3}`));
    const note = {
      event: { id: "note" },
      host: "pacs-01",
      message: "file created: HOW_TO_DECRYPT.txt",
      file: "/srv/HOW_TO_DECRYPT.txt",
    };
    for (const alert of [...alerts, note])
      await insist(async (now) => {
        const { status } = await post(now, "generic", house.tokens.generic, alert);
        if (status !== 202) return undefined;
        acknowledged.push((alert.event as { id: string }).id);
        return true;
      });
    const text = await insist(() =>
      inRecord(house, async (reads) => {
        const [incident] = await reads.byState(FACILITY, "incident", ["in_review"], { limit: 1 });
        const [draft] = await reads.byState(FACILITY, "declaration", ["draft"], { limit: 1 });
        return incident && draft?.content;
      }),
    );
    await insist(async (now) => {
      const decided = await inRecord(house, (reads) =>
        reads.byState(FACILITY, "decision", [], { limit: 1 }).then(([each]) => each),
      );
      if (decided !== undefined) return true;
      const { status } = await decideByTool(now, house, text);
      // The code was used before the decision stood: the next one comes within its thirty seconds.
      if (status === 403) await new Promise((resolve) => setTimeout(resolve, 31_000));
      return status === 200 ? true : undefined;
    });
    await insist(() =>
      inRecord(house, async (reads) => {
        const [waiting] = await reads
          .effectsIn(FACILITY, ["planned", "claimed"], 50)
          .then((all) => all.filter(({ kind, due }) => kind === "deliver" && due <= Date.now() * 1000));
        const [incident] = await reads.byState(FACILITY, "incident", [], { limit: 1 });
        return waiting === undefined && incident?.content.state === "declared" ? true : undefined;
      }),
    );
    await daemon?.end("SIGTERM");
    later = LATER;
    // What waited is due at once: nothing may be told twice for it.
    await insist(() =>
      inRecord(house, async (reads) => {
        const due = await reads.effectsDue(FACILITY, (Date.now() + LATER) * 1000, 50);
        const claimed = await reads.effectsIn(FACILITY, ["claimed"], 50);
        return due.length + claimed.length === 0 ? true : undefined;
      }),
    );
    await eventually("the last messages", () => (receiver.quiet() ? true : undefined));
    await daemon?.end("SIGTERM");
    return {
      killed,
      points: pointsIn(file),
      violations: await violationsOf(house, { acknowledged, receiver }),
    };
  } finally {
    await daemon?.end("SIGKILL");
    receiver.stop();
    house.remove();
  }
}

const pointsIn = (file: string) => readFileSync(file, "utf8").trim().split("\n");

async function inRecord<T>(house: House, ask: (reads: ReturnType<House["reads"]>) => Promise<T>): Promise<T> {
  const reads = house.reads();
  try {
    return await ask(reads);
  } finally {
    reads.close();
  }
}

async function violationsOf(
  house: House,
  { acknowledged, receiver }: { acknowledged: readonly string[]; receiver: Receiver },
): Promise<string[]> {
  const violations: string[] = [];
  const { database, signingKey } = stateFiles(join(house.directory, "state"));
  const report = verifyDatabase(database, loadPublicKey(signingKey), checkpointsFileOf(database));
  if (!report.ok) violations.push(`the record does not verify: ${JSON.stringify(report.faults.slice(0, 3))}`);
  await inRecord(house, async (reads) => {
    const stored = (await reads.detectionsAfter(FACILITY, 0, 1000)).map(({ alert }) => alert.eventId ?? "");
    const lost = acknowledged.filter((id) => !stored.includes(id));
    if (lost.length > 0) violations.push(`acknowledged and lost: ${lost.join(", ")}`);
    const twice = stored.filter((id, i) => stored.indexOf(id) !== i && id !== "note");
    if (twice.length > 0 && new Set(stored).size !== ALERTS + 1)
      violations.push(`stored twice: ${twice.join(", ")}`);
    const incidents = await reads.byState(FACILITY, "incident", [], { limit: 10 });
    if (incidents.length !== 1) violations.push(`${incidents.length} incidents`);
    const id = incidents[0]?.content.id ?? "";
    const deliveries = await reads.ofIncident(FACILITY, "delivery", id);
    const filed = deliveries.filter(({ content }) => content.state === "delivered");
    if (filed.length !== 1) violations.push(`${filed.length} filings`);
    const decisions = await reads.ofIncident(FACILITY, "decision", id);
    const approved = decisions.filter(({ content }) => content.decision === "approved");
    if (approved.length !== 1) violations.push(`${approved.length} approvals`);
    const versions = await reads.ofIncident(FACILITY, "declaration", id);
    for (const { content } of filed) {
      const text = versions.find((each) => each.content.id === content.declaration)?.content;
      if (!approved.some(({ content: decision }) => decision.sha256 === text?.sha256))
        violations.push(`filed without its decision: ${content.id}`);
    }
    const left = await reads.effectsIn(FACILITY, ["claimed", "uncertain"], 10);
    for (const { key, state } of left) violations.push(`${key} is ${state}`);
  });
  return [...violations, ...receiver.violations()];
}

/** Where messages are told, which a repeat is known by its id. */
interface Receiver {
  url: string;
  quiet(): boolean;
  /** Events of an incident that were told under two keys. */
  violations(): string[];
  stop(): void;
}

async function startReceiver(): Promise<Receiver> {
  const keys = new Map<string, Set<string>>();
  let last = performance.now();
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: Message };
    last = performance.now();
    const told = `${data.incident} ${data.event}`;
    keys.set(told, (keys.get(told) ?? new Set()).add(String(request.headers["webhook-id"])));
    response.writeHead(204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const ONCE = ["incident_opened", "decision_needed"];
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    quiet: () => performance.now() - last > 500,
    violations: () =>
      [...keys].flatMap(([told, ids]) =>
        ONCE.some((event) => told.endsWith(event)) && ids.size > 1
          ? [`told twice: ${told} ${[...ids].join(" ")}`]
          : [],
      ),
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
