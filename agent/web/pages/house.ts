import { Router } from "express";
import { type Clock, MICROSECONDS } from "../../core/clock.ts";
import type { DamagedRow } from "../../core/damaged-row.ts";
import { DELIVERY_KINDS } from "../../core/delivery.ts";
import { problemSentence } from "../../core/errors.ts";
import type { CanaryView, HouseView, RefusedSettings } from "../../core/house-view.ts";
import type { RuleTroubles } from "../../core/rule-troubles.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import type { WayReach } from "../../stages/effects/reachability.ts";
import { formatBytes } from "../../stages/french.ts";
import { costOfRules } from "../../stages/observe/cost-of-rules.ts";
import type { OnCall } from "../../stages/roster/open-on-call.ts";
import type { Store } from "../../store/store.ts";
import { type Gate, personWho } from "../gate.ts";

/** Effects read that are late, and when one is: told, as the store wakes every second. */
const LATE = { most: 100, after: MICROSECONDS.minute } as const;
/** A certificate that ends within this is shown first. */
const SOON = 30 * MICROSECONDS.day;
/** Free space below which the disk is shown as a fault, bytes. */
const LITTLE = 2 * 1024 ** 3;

/** Weeks over which it is told what rules cost people. */
const COST_WEEKS = 4;
/** Rules that nothing feeds, as many as are shown. */
const SHOWN_UNFED = 50;
/** Problems of a refused configuration that are shown. */
const SHOWN_PROBLEMS = 20;
/** Dossiers of which something cannot be read that are named. */
const SHOWN_DAMAGED = 20;

/** Why no canary flies through a way, in French. */
const UNCOVERED: Record<CanaryView["uncovered"][number]["because"], string> = {
  ipv6: "adresse IPv6 de lien local",
  name: "« localhost » est l'une ou l'autre de deux adresses : écrivez 127.0.0.1",
  client_certificate: "un certificat client est exigé",
  polled: "interrogée par Tocsin, elle n'est pas une voie où l'on écrit",
  unknown_format: "son format ou sa correspondance n'est plus là",
};

function canaryOf({ every, ways, uncovered }: CanaryView) {
  const failing = ways.filter((way) => way.failing);
  return {
    off: every === null,
    ways: ways.map((way) => ({
      ...way,
      took: way.took === null ? null : Math.max(1, Math.round(way.took / 1000)),
    })),
    failing: failing.map(({ name }) => name).join(", "),
    since: Math.min(...failing.flatMap(({ since }) => since ?? [])),
    uncovered: uncovered.map(({ name, because }) => ({ name, because: UNCOVERED[because] })),
  };
}

/** Dossiers that are set apart, by reference; what else cannot be read is named by its dossier, and counted. */
function damagedOf(rows: readonly DamagedRow[]) {
  const apart = new Map(
    rows.flatMap(({ table, incident, reference }) =>
      table === "records" && incident !== null ? [[incident, reference ?? incident]] : [],
    ),
  );
  const rest = rows.filter(({ incident }) => incident === null || !apart.has(incident));
  const touched = new Set(rest.flatMap(({ incident, reference }) => reference ?? incident ?? []));
  const shown = (names: Iterable<string>) => {
    const all = [...names].sort();
    const more = all.length > SHOWN_DAMAGED ? [`… (${all.length})`] : [];
    return [...all.slice(0, SHOWN_DAMAGED), ...more].join(", ");
  };
  return { apart: shown(apart.values()), rest: rest.length, touched: shown(touched) };
}

const refusedOf = (refused: RefusedSettings | null) =>
  refused && {
    at: refused.at,
    problems: refused.problems.slice(0, SHOWN_PROBLEMS).map(problemSentence),
    more: Math.max(0, refused.count - SHOWN_PROBLEMS),
  };

/** "Règles", "Réglages", "Santé": how the house stands, to be read only. */
export function housePages(parts: {
  store: Store;
  clock: Clock;
  gate: Gate;
  house: HouseView;
  facility: string;
  troubles: () => RuleTroubles;
  desk: Pick<Desk, "waysOut" | "facility">;
  /** Absent without rosters. */
  onCall?: Pick<OnCall, "vacancies"> | undefined;
  /** (Default: nothing is known.) */
  reach?: ((way: string) => WayReach | null) | undefined;
}): Router {
  const { store, clock, gate, house, facility, troubles, desk, reach = () => null } = parts;
  const router = Router({ mergeParams: true });

  router.get("/regles", async (request, response) => {
    personWho(response, "read");
    const now = clock.now();
    const [unfed, cost] = await Promise.all([
      house.unfedRules(),
      costOfRules(
        store.reads,
        { id: facility, time_zone: desk.facility.timeZone },
        { from: now - COST_WEEKS * 7 * MICROSECONDS.day, to: now },
      ),
    ]);
    const { refused, inactive, kept, disabled } = troubles();
    const counts = {
      refused: refused.count,
      inactive: inactive.count,
      kept: kept.count,
      disabled: disabled.count,
    };
    gate.render(request, response, {
      view: "rules",
      title: "Règles",
      model: {
        ...{ rules: house.rules(), counts, started: house.started },
        unfed: {
          ...unfed,
          rules: unfed.rules.slice(0, SHOWN_UNFED),
          more: Math.max(0, unfed.count - SHOWN_UNFED),
        },
        cost: { ...cost, weeks: COST_WEEKS },
      },
    });
  });

  router.get("/reglages", (request, response) => {
    personWho(response, "read");
    gate.render(request, response, {
      view: "settings",
      title: "Réglages",
      model: { sections: house.settings() },
    });
  });

  router.get("/sante", async (request, response) => {
    personWho(response, "read");
    const now = clock.now();
    const [end, late, uncertain, alerts, vacancies] = await Promise.all([
      store.reads.journalEnd(facility),
      store.reads.effectsDue(facility, now - LATE.after, LATE.most),
      store.reads.effectsIn(facility, ["uncertain"], LATE.most),
      store.reads.countByState(facility, "incident"),
      parts.onCall?.vacancies() ?? [],
    ]);
    const disk = house.disk();
    gate.render(request, response, {
      view: "health",
      title: "Santé",
      model: {
        // Why the record cannot be written is told in a sentence of its own.
        causes: house.causes().filter((cause) => cause !== "store"),
        trouble: house.storeTrouble(),
        vacancies: vacancies.map(({ title, instead }) => ({ title, instead: instead.join(", ") })),
        damaged: damagedOf(store.reads.damaged()),
        refused: refusedOf(house.refusedSettings()),
        ways: desk.waysOut.map(({ id, kind = "declaration", reach: way, guide }) => ({
          ...{ id, kind: DELIVERY_KINDS[kind], assisted: way === "assisted" },
          ...{ to: guide?.to ?? id, reach: reach(id) },
        })),
        version: house.version,
        started: house.started,
        head: end.head,
        checkpoint: end.checkpoint,
        late: late.map(({ kind, due, attempt }) => ({ kind, due, attempt })),
        lateMany: late.length === LATE.most,
        uncertain: uncertain.length,
        incidents: Object.values(alerts).reduce((sum, count) => sum + count, 0),
        disk: {
          ...disk,
          little: disk.free !== null && disk.free < LITTLE,
          database: formatBytes(disk.database),
          log: formatBytes(disk.log),
          free: disk.free === null ? null : formatBytes(disk.free),
        },
        copies: house.copies().map((copy) => ({
          ...copy,
          bytes: copy.bytes === null ? null : formatBytes(copy.bytes),
        })),
        kit: house.kit(),
        canary: canaryOf(house.canary()),
        certificates: house
          .certificates()
          .map((each) => ({
            ...each,
            over: each.until === null || each.until < now,
            soon: (each.until ?? 0) < now + SOON,
          }))
          .sort((a, b) => (a.until ?? 0) - (b.until ?? 0)),
      },
    });
  });

  return router;
}
