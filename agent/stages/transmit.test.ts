import { describe, expect, it } from "vitest";
import { ANNE, aText, aWork, setupFor } from "../../test/support/text-to-decide.ts";
import type { Decision } from "../core/decision.ts";
import type { ApprovedDeclaration, Declaration } from "../core/declaration.ts";
import type { Delivery } from "../core/delivery.ts";
import {
  declarationOf,
  deliveryBy,
  filingKey,
  filingOf,
  plan,
  planAsking,
  planDelivery,
  releaseHeld,
  settleDelivery,
  transmit,
} from "./transmit.ts";
import type { WayOut, Work } from "./work.ts";

const TEXT = aText({ version: 2, state: "approved" }) as ApprovedDeclaration;
const OLD = aText();
const PORTAL: WayOut = { id: "portal", reach: "authority" };
const oral = (over: Partial<Decision> = {}) => {
  const delegate = { account: ANNE.id, name: ANNE.name };
  return { declaration: TEXT.id, version: 2, state: "oral", delegate, ...over } as Decision;
};
const aDelivery = (over: Partial<Delivery> = {}): Delivery => ({
  id: "d-1",
  incident: "incident-1",
  declaration: TEXT.id,
  version: 2,
  sha256: TEXT.sha256,
  kind: "declaration",
  channel: "portal",
  reach: "authority",
  state: "planned",
  attempts: [],
  reference: null,
  planned: 5,
  settled: null,
  exercise: false,
  ...over,
});
const planned = ({ beside }: Work) => beside.map((each) => ("effect" in each ? each.effect : each));
const effect = (key: string, due: number, more: object = {}) => ({
  key,
  kind: "deliver",
  due,
  payload: { delivery: "d-1", channel: "portal", ...more },
  incident: "incident-1",
});
const KEY = "deliver:ch-exemple:portal:declaration-1/2";

describe("plan", () => {
  const planning = (work: Work, way: WayOut, more?: Pick<Delivery, "by" | "impossibility">) =>
    plan(work, setupFor(), { declaration: TEXT, way, now: 5, ...(more && { more }) });

  it("names the exact text that is to leave", () => {
    const work = aWork(OLD, TEXT);
    const delivery = aDelivery({ id: "id-1" });
    expect(planning(work, PORTAL)).toStrictEqual(delivery);
    expect(work.deliveries).toStrictEqual([delivery]);
    expect(planned(work)).toEqual([effect(KEY, 5, { delivery: "id-1" })]);
  });

  it("keeps what the way carries and who asked for it", () => {
    const by = { account: "acc-2", name: "Paul Durand" };
    const delivery = planning(aWork(TEXT), { ...PORTAL, kind: "help" }, { by });
    expect(delivery).toMatchObject({ kind: "help", by });
  });

  it("marks what is an exercise", () => {
    const setup = { ...setupFor(), mode: "exercise" as const };
    expect(plan(aWork(TEXT), setup, { declaration: TEXT, way: PORTAL, now: 5 }).exercise).toBe(true);
  });

  it.each<[string, WayOut["reach"], Decision[], number]>([
    ["a person carries is carried by no machine", "assisted", [], 0],
    ["an authority is sent leaves at once", "authority", [], 1],
    ["was only said on the telephone reaches no authority", "authority", [oral()], 0],
    ["was only said on the telephone is exercised", "exercise", [oral()], 1],
    ["the delegate has confirmed leaves", "authority", [oral({ state: "confirmed" })], 1],
    ["was said of another version leaves", "authority", [oral({ version: 1 })], 1],
    ["was said of another declaration leaves", "authority", [oral({ declaration: "else" })], 1],
  ])("what %s", (_what, reach, decisions, effects) => {
    const work = { ...aWork(TEXT), decisions };
    planning(work, { id: "portal", reach });
    expect(work.beside).toHaveLength(effects);
  });
});

describe("transmit", () => {
  it("plans the first way that carries the duty and needs no impossibility", () => {
    const ways: WayOut[] = [
      { id: "paper", reach: "assisted", fallback: true },
      { id: "help", reach: "assisted", kind: "help" },
      { id: "cnil", reach: "assisted", duties: ["rgpd"] },
      { id: "portal", reach: "assisted", duties: ["sante"] },
      { id: "mail", reach: "assisted" },
    ];
    const work = aWork(TEXT);
    transmit(TEXT, work, setupFor(...ways), 5);
    expect(work.deliveries.map(({ channel }) => channel)).toEqual(["portal"]);
    const none = aWork(TEXT);
    transmit(TEXT, none, setupFor(...ways.slice(0, 2)), 5);
    expect(none.deliveries).toEqual([]);
  });
});

describe("releaseHeld", () => {
  it("lets out what was held of one version, by machines to authorities, and not yet settled", () => {
    const work = aWork(TEXT);
    work.deliveries = [
      aDelivery({ id: "d-0", version: 1 }),
      aDelivery({ id: "d-2", reach: "assisted" }),
      aDelivery({ id: "d-3", state: "dropped" }),
      aDelivery(),
    ];
    releaseHeld(work, setupFor(), { version: 2, now: 9 });
    expect(planned(work)).toEqual([effect(KEY, 9)]);
  });
});

describe("the name of an attempt", () => {
  it("is the same for every attempt at one text by one way, and another for each turn and question", () => {
    const delivery = aDelivery({ attempts: [{ at: 1, outcome: "uncertain", because: "x" }] });
    expect(filingKey("ch-exemple", delivery)).toBe(KEY);
    const work = aWork(TEXT);
    planDelivery(work, setupFor(), delivery, 5);
    planDelivery(work, setupFor(), delivery, 6, ":1");
    planAsking(work, setupFor(), delivery, 7);
    const asking = effect(`${KEY}:ask:1`, 7, { ask: true });
    expect(planned(work)).toEqual([effect(KEY, 5), effect(`${KEY}:1`, 6), asking]);
  });
});

describe("what leaves", () => {
  it("is the bytes that were approved, as they were stored", async () => {
    const printed = new Uint8Array([1]);
    const given: unknown[] = [];
    const filing = filingOf(KEY, aDelivery({ kind: "help" }), TEXT, async (...all) => {
      given.push(all);
      return printed;
    });
    const { id, kind, version, sha256, canonical } = TEXT;
    expect(filing).toEqual({
      key: KEY,
      kind: "help",
      facility: { id: "ch-exemple", name: "CH Exemple" },
      incident: "incident-1",
      reference: "2026-0001",
      declaration: { id, kind, version, sha256 },
      bytes: Buffer.from(canonical, "utf8"),
      text: "Le PACS est arrêté : été, version 2.",
      print: expect.any(Function),
      exercise: false,
    });
    expect(await filing.print()).toBe(printed);
    expect(given).toEqual([[TEXT, aDelivery({ kind: "help" })]]);
    await expect(filingOf(KEY, aDelivery(), TEXT).print()).rejects.toThrow("nothing prints here");
  });

  it.each<[string, Partial<Declaration>, boolean]>([
    ["of the same declaration and version", {}, true],
    ["of another version", { version: 1 }, false],
    ["of another declaration", { id: "else" }, false],
  ])("is the text %s", (_what, over, found) => {
    const text = { ...TEXT, ...over };
    expect(declarationOf(aWork(text), aDelivery())).toBe(found ? text : undefined);
    const work = { ...aWork(), deliveries: [aDelivery({ channel: "else" }), aDelivery()] };
    expect(deliveryBy(work, PORTAL, text)).toBe(found ? work.deliveries[1] : undefined);
  });
});

describe("settleDelivery", () => {
  const delivered = { outcome: "delivered", because: "Reçu.", reference: "N-1" } as const;
  const settled = (work: Work, over: Partial<Delivery> = {}) => {
    work.deliveries = [aDelivery({ state: "sending", ...over })];
    work.incident = { ...work.incident, state: "approved" };
    return settleDelivery(work, "d-1", delivered, 9);
  };

  it("files the exact text that was delivered, and no other", () => {
    const others = [aText({ state: "approved" }), aText({ id: "else", version: 2, state: "approved" })];
    const work = aWork(...others, TEXT);
    expect(settled(work)).toMatchObject({ state: "delivered", reference: "N-1", settled: 9 });
    expect(work.declarations).toEqual([...others, { ...TEXT, state: "filed", updated: 9 }]);
    expect(work.incident).toMatchObject({ state: "declared", because: "Déposé, n° N-1." });
  });

  it.each<Declaration["state"]>(["draft", "replaced", "contested", "set_aside"])(
    "files no text that is %s, whatever was delivered",
    (state) => {
      const work = aWork({ ...TEXT, state });
      settled(work);
      expect(work.declarations).toEqual([{ ...TEXT, state }]);
    },
  );

  it("files nothing by what only asks for help or informs", () => {
    const work = aWork(TEXT);
    settled(work, { kind: "help" });
    expect([work.declarations, work.incident.state]).toEqual([[TEXT], "approved"]);
  });

  it.each<[Delivery["state"], string, boolean]>([
    ["sending", "delivered", true],
    ["delivered", "refused", false],
    ["dropped", "delivered", false],
    ["delivered", "delivered", true],
  ])("takes a delivery that is %s to %s: %s", (state, outcome, taken) => {
    const work = { ...aWork(TEXT), deliveries: [aDelivery({ state })] };
    const settle = () =>
      settleDelivery(work, "d-1", { outcome: outcome as "refused", because: "x" }, 9)?.state;
    if (taken) expect(settle()).toBe(outcome);
    else expect(settle).toThrow(expect.objectContaining({ code: "transition_refused" }));
  });
});
