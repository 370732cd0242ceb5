import { type Clock, type Instant, MICROSECONDS, systemClock } from "../../agent/core/clock.ts";
import type { Cause, DetectionRule } from "../../agent/core/detection.ts";
import type { FactKind } from "../../agent/core/fact.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import { masksOf, ownSecret, setupOf, stateFiles } from "../../agent/setup.ts";
import { monthOf } from "../../agent/stages/french.ts";
import { openPipeline } from "../../agent/stages/open-pipeline.ts";
import { changesOf, currentDeclaration, type Work } from "../../agent/stages/work.ts";
import { loadSigningKey } from "../../agent/store/keys.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import type { Store, Write } from "../../agent/store/store.ts";
import { loadConfig } from "../../config/load.ts";
import { FACILITY, type House } from "../support/daemon.ts";
import type { Place } from "../support/pages.ts";

/** How much a record holds. */
export interface Amounts {
  incidents: number;
  /** In all; `largest` of them are of one incident. */
  alerts: number;
  largest: number;
}

const SYSTEMS = 200;
/** Event time that the record covers. */
const TIME = 300 * MICROSECONDS.day;
const BATCH = 500;
/** What incidents are about, in shares of twenty. */
const KINDS: readonly { share: number; facts: FactKind[]; cause?: Cause }[] = [
  { share: 9, facts: ["system_unavailable"], cause: "infrastructure_failure" },
  { share: 5, facts: ["malicious_action_suspected"] },
  { share: 3, facts: ["data_altered", "malicious_action_suspected"] },
  { share: 2, facts: ["data_disclosed"] },
  { share: 1, facts: ["malware_present", "account_compromised"] },
];
const SHARES = KINDS.flatMap((kind) => Array<(typeof KINDS)[number]>(kind.share).fill(kind));

/** Systems of a configuration, beside those of every house. */
export const SYSTEM_LINES = Array.from({ length: SYSTEMS }, (_, i) => {
  const more = `health_data: ${i % 3 === 0}, care_critical: ${i % 4 === 0}, degraded_after_minutes: 30`;
  return `  - { id: s${i}, name: Système ${i}, kind: other, hosts: ["s${i}-*"], ${more} }`;
}).join("\n");

/** Fills the record of a house as a year does: incidents of every state, with their alerts, facts, texts and decisions. */
export async function furnish(house: House, amounts: Amounts): Promise<Place> {
  const { loaded } = loadConfig(house.config);
  if (loaded === undefined) throw new Error("the configuration of the bench does not load");
  const files = stateFiles(loaded.stateDirectory);
  let now = systemClock.now() - TIME;
  const clock: Clock = { now: () => now };
  const newId = uuidv7(systemClock);
  const store = openSqlite({ file: files.database, signingKey: loadSigningKey(files.signingKey), clock });
  try {
    const setup = setupOf(loaded, newId, masksOf(loaded.config, ownSecret(files.maskSecret)));
    const pipeline = await openPipeline({ store, setup, clock });
    const each = (amounts.alerts - amounts.largest) / (amounts.incidents - 1);
    const about = (incident: number) => {
      const kind = SHARES[(incident * 7) % SHARES.length] as (typeof KINDS)[number];
      const begins = systemClock.now() - TIME + Math.floor((incident * TIME) / amounts.incidents);
      return { kind, begins, host: `s${incident % SYSTEMS}-${incident}` };
    };
    const unit: Write[] = [];
    const flush = async () => {
      await store.commit({ facility: FACILITY, at: now, writes: unit.splice(0) });
      while ((await pipeline.advance()) > 0);
    };
    for (let incident = 0, told = 0; incident < amounts.incidents; incident++) {
      const last = incident === amounts.incidents - 1;
      // The last one is large, and about what is declared.
      const { kind, begins, host } = about(last ? incident - (incident % SHARES.length) + 2 : incident);
      const until = last ? amounts.alerts : Math.round(each * (incident + 1));
      for (; told < until; told++) {
        const at = begins + ((told * 7919) % 1200) * MICROSECONDS.second;
        now = Math.max(now, at);
        unit.push(alertOf(newId, { at, host, kind, number: told }));
        if (unit.length >= BATCH) await flush();
      }
    }
    await flush();
    return await lead(house, { store, works: works(pipeline), newId });
  } finally {
    await store.close();
  }
}

function works(pipeline: Awaited<ReturnType<typeof openPipeline>>): Work[] {
  return pipeline.incidents().flatMap((id) => pipeline.known(id) ?? []);
}

function alertOf(
  newId: () => string,
  told: { at: Instant; host: string; kind: (typeof KINDS)[number]; number: number },
): Write {
  const { at, host, kind, number } = told;
  const id = newId();
  const message = `record ${number} of ${host}: ${kind.facts.join(", ")} seen by the probe of the bench`;
  const rule: DetectionRule = {
    ...{ id: `bench-${kind.facts[0]}`, version: "0123456789ab", title: "bench", level: "high", tags: [] },
    meaning: {
      ...{ title_fr: "Constat du banc d'essai", reason_fr: "Une sonde du banc d'essai le signale." },
      ...(kind.cause && { cause: kind.cause }),
      facts: kind.facts.map((fact) => ({ fact, confidence: "suspected" as const, ended_by: [] })),
    },
  };
  return {
    write: "alert",
    alert: {
      ...{ id, source: "lines", received: at, occurred: at, eventId: null },
      alert: {
        ...{ "@timestamp": new Date(at / 1000).toISOString(), message, host: { name: host } },
        ...{ user: { name: `agent${number % 5000}` }, event: { original: `<13>1 ${host} ${message}` } },
        fields: { ticket: `T-${number}`, site: "Bâtiment A" },
      },
    },
    detections: [
      {
        id: newId(),
        alert: id,
        rule,
        because: [{ selection: "sel", field: "message", pattern: "*bench*", value: message }],
      },
    ],
  };
}

/** Leads incidents to where people had led them: most are over, some wait. */
async function lead(
  { accounts }: House,
  { store, works, newId }: { store: Store; works: Work[]; newId: () => string },
): Promise<Place> {
  const person = { account: accounts["anne.martin"].id, name: "Anne Martin" };
  const now = systemClock.now();
  const drafts = works.filter((work) => currentDeclaration(work)?.state === "draft");
  const [incident] = [...drafts].sort((a, b) => b.incident.alerts - a.incident.alerts);
  if (incident === undefined) throw new Error("nothing waits for a decision");
  let approved = "";
  const unit: Write[] = [];
  for (const [i, work] of works.entries()) {
    if (work !== incident) unit.push(...changesOf(endedAs(work, i)).writes);
    if (unit.length < BATCH) continue;
    await store.commit({ facility: FACILITY, at: now, writes: unit.splice(0) });
  }
  const outside = newId();
  unit.push({
    ...{
      write: "record",
      kind: "outside_declaration",
      id: outside,
      revision: 1,
      incident: null,
      state: null,
    },
    content: {
      id: outside,
      revisions: [
        {
          ...{ declared: now, occurred: now, systems: ["s1"], what: "Vol d'un poste", where: "CNIL" },
          ...{ reference: "N-1", by: "DPO", incident: null, regime: null, at: now, writer: person },
          ...{ reason: null, void: false },
        },
      ],
    },
  });
  await store.commit({ facility: FACILITY, at: now, writes: unit });
  await settleDue(store, now);
  return { incident: incident.incident.id, approved, person: person.account, outside, run: "x" };

  function endedAs(work: Work, i: number): Work {
    const { state } = work.incident;
    const at = work.incident.last_alert + MICROSECONDS.hour;
    if (state === "candidate") return i % 10 === 0 ? work : watched(work, at);
    if (state === "open") return i % 3 === 0 ? noted(work, at) : closed(work, "set_aside", at);
    const text = currentDeclaration(work);
    if (state !== "in_review" || text === undefined || i % 5 === 0) return noted(work, at);
    const filed = i % 50 !== 1;
    if (!filed) approved = work.incident.id;
    const { id: declaration, version, sha256, incident } = text;
    const exact = { incident, declaration, version, sha256 };
    const decided: Work = {
      ...work,
      declarations: work.declarations.map((each) =>
        each === text ? { ...each, state: filed ? ("filed" as const) : ("approved" as const) } : each,
      ),
      decisions: [
        {
          ...{ ...exact, id: newId(), decision: "approved", delegate: person, reason: null, at },
          how: { channel: "web", second_factor: "totp" },
        },
      ],
      deliveries: [
        {
          ...{
            ...exact,
            id: newId(),
            kind: "declaration",
            channel: "sortie",
            reach: "exercise",
            attempts: [],
          },
          ...{ state: filed ? "delivered" : "planned", reference: filed ? `S-${i}` : null, planned: at },
          ...{ settled: filed ? at + MICROSECONDS.hour : null, exercise: true },
        },
      ],
      incident: {
        ...work.incident,
        state: filed ? "declared" : "approved",
        found: at,
        declarant: person.account,
      },
    };
    return filed && i % 4 !== 0 ? closed(decided, "declared", at) : decided;
  }
  function noted(work: Work, at: Instant): Work {
    const { id } = work.incident;
    for (let n = 0; n < 2; n++) {
      const content = {
        id: newId(),
        incident: id,
        at,
        about: at,
        author: person,
        text: `Appel n° ${n} au service.`,
      };
      const put = { write: "record", kind: "logbook", id: content.id, revision: 1, incident: id } as const;
      unit.push({ ...put, state: null, content });
    }
    return { ...work, incident: { ...work.incident, found: at } };
  }
  function closed(work: Work, from: "declared" | "set_aside", at: Instant): Work {
    const closure = { at, writer: person.name, reason: "Tout est rétabli.", from };
    return { ...work, incident: { ...work.incident, state: "closed", found: at, closure } };
  }
  function watched(work: Work, at: Instant): Work {
    const { id, reference } = work.incident;
    const because = "Rétabli avant le délai du système.";
    const closing = {
      ...{ id: newId(), incident: id, reference, by: "machine" as const, writer: null, at, because },
      ...{ month: monthOf(at, "Europe/Paris"), regime: "sante-2022", regime_version: "1", reopened: null },
    };
    const incident = { ...work.incident, state: "closed" as const, closed_by: "machine" as const, because };
    return { ...work, incident, closings: [...work.closings, closing] };
  }
}

/** What was due in the past is done: the bench begins on a day like others. */
async function settleDue(store: Store, now: Instant): Promise<void> {
  for (;;) {
    const due = await store.reads.effectsDue(FACILITY, now, BATCH);
    if (due.length === 0) return;
    const owner = "bench";
    const claim = due.map(({ key, fence }): Write => ({ write: "claim", key, fence, owner }));
    await store.commit({ facility: FACILITY, at: now, writes: claim });
    const settle = due.map(
      ({ key, fence }): Write => ({ write: "settle", key, fence: fence + 1, state: "done", because: "reçu" }),
    );
    const receipt = await store.commit({ facility: FACILITY, at: now, writes: settle });
    if (receipt.outcome !== "committed") throw new Error(receipt.because);
  }
}
