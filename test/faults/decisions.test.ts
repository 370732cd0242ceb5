import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Declaration } from "../../agent/core/declaration.ts";
import type { Incident } from "../../agent/core/incident.ts";
import { codeOf, eventually, FACILITY } from "../support/daemon.ts";
import { decideByTool } from "../support/decide-by-tool.ts";
import { describePeer, gcc } from "../support/peer.ts";
import type { Scene } from "../support/web-server.ts";
import { hiddenFields, type Visitor, visitor } from "../support/web-visitor.ts";
import { faultsOf, type Sent, untrueOn } from "./invariants.ts";
import { type Machine, startMachine } from "./machine/machine.ts";
import {
  alertsOf,
  allDone,
  decide,
  inRecord,
  inspectMachine,
  openIncident,
  postTo,
  unitsOf,
} from "./machine/night.ts";

const CODE_LASTS = 30_000;
const DAY = 24 * 3_600_000;
const COPIES = 4;
const REASON = "Exercice interne de l'astreinte.";
const POINTS = join(import.meta.dirname, "points/hook.ts");

interface Answer {
  /** 0 when nobody answered. */
  status: number;
  body: Record<string, unknown>;
}
/** A message as a tool keeps it: id, signature and bytes are the same however often it is sent. */
type Message = () => Promise<Answer>;

const APPROVED = { status: 200, body: { outcome: "approved" } };
const HEARD = { status: 409, body: { code: "replayed", outcome: "unfinished" } };
const DECIDED = { status: 409, body: { code: "already_decided" } };
const USED = { status: 403, body: {} };
const NONE = { status: 0, body: {} };

/** A moment between the sending and the answer, and what is said after it of the same message and of a new one. */
const KILLS = [
  { moment: "before it is heard", at: "before: cursor webhook", again: APPROVED },
  { moment: "once it is heard", at: "after: cursor webhook", again: HEARD, sameCode: APPROVED },
  { moment: "before its code is used", at: "before: totp", again: HEARD, sameCode: APPROVED },
  { moment: "once its code is used", at: "after: totp", again: HEARD, sameCode: USED },
  { moment: "before the decision is kept", at: "before: put decision", again: HEARD, sameCode: USED },
  { moment: "once the decision is kept", at: "after: put decision", again: HEARD, sameCode: DECIDED },
  {
    moment: "once its outcome is kept",
    at: "after: cursor webhook#2",
    again: { status: 409, body: { code: "replayed", outcome: "approved" } },
    sameCode: DECIDED,
  },
];
const REVERSED = [
  { earlier: "approved", later: "approved", apart: true },
  { earlier: "approved", later: "approved", apart: false },
  { earlier: "set_aside", later: "approved", apart: true },
  { earlier: "approved", later: "set_aside", apart: true },
] as const;
/** As many as the tests below hit. */
const UNITS = 3 + KILLS.length + 2 * REVERSED.length + 2 + 4;
const AT_ONCE = ["the approval", "the refusal"] as const;

describePeer(gcc, "decisions that a tool brings", () => {
  let machine: Machine;
  let unit = 0;
  let storms = 0;
  /** What the portal had taken before the incident at hand. */
  let filed = 0;
  const sent: Sent = { events: new Set(), acknowledged: new Set() };
  beforeAll(async () => {
    machine = await startMachine({ systems: unitsOf(UNITS) });
  });
  afterAll(() => machine?.close());

  /** An incident of its own: on another day, what one unit has is not taken for what another had. */
  async function open(): Promise<Declaration> {
    machine.pass(DAY);
    storms += 1;
    filed = machine.portal.taken.length;
    await allDone(machine);
    await hit();
    return (await openIncident(machine, unit)).text;
  }
  /** Another unit is hit, and what is declared of the incident changes. */
  async function grow(old: Declaration): Promise<Declaration> {
    await hit();
    return eventually("another text", () =>
      inRecord(machine, async (reads) => {
        const texts = await reads.ofIncident(FACILITY, "declaration", old.incident);
        return texts.find(({ content }) => content.state === "draft" && content.sha256 !== old.sha256)
          ?.content;
      }),
    );
  }
  async function hit(): Promise<void> {
    unit += 1;
    const [event = ""] = alertsOf(unit).map(({ event }) => event.id);
    sent.events.add(event);
    expect(await postTo(machine, alertsOf(unit))).toBe(202);
    sent.acknowledged.add(event);
  }

  const messageOf = (text: Declaration, over: Record<string, unknown> = {}, late = 0): Message => {
    const given = { over, id: `msg-${randomUUID()}`, at: new Date(machine.now() + late) };
    const to = { people: `http://127.0.0.1:${machine.ports.people}` };
    return () => decideByTool(to, machine.house, text, given).catch(() => NONE);
  };
  /** A message with a code that did not serve yet. */
  const newMessageOf: typeof messageOf = (...given) => {
    machine.pass(CODE_LASTS);
    return messageOf(...given);
  };
  const atOnce = (messages: readonly Message[]) => Promise.all(messages.map((send) => send()));
  const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status).toSorted();

  const decisionsOf = (incident: string) =>
    inRecord(machine, async (reads) =>
      (await reads.ofIncident(FACILITY, "decision", incident)).map(({ content }) => content),
    );
  const stepsOf = (incident: string) =>
    inRecord(machine, async (reads) =>
      (await reads.ofIncident(FACILITY, "decision_step", incident)).map(({ content }) => content.step),
    );

  /** The delegate at a browser. */
  async function enter(): Promise<Visitor> {
    const url = `http://127.0.0.1:${machine.ports.people}`;
    const { id: _, ...account } = machine.house.accounts["anne.martin"];
    const page = visitor({ url } as Scene);
    const door = `/${FACILITY}/connexion`;
    machine.pass(CODE_LASTS);
    const fields = { login: "anne.martin", password: account.password, code: codeOf(account, machine.now()) };
    expect((await page.submit(door, door, fields)).status).toBe(303);
    return page;
  }

  /** Ends at the point what hears the next message, and has it started again without. */
  async function armed(at: string): Promise<void> {
    Object.assign(machine.environment, {
      NODE_OPTIONS: `--import ${POINTS}`,
      TOCSIN_POINTS: join(machine.house.directory, "points.txt"),
      TOCSIN_KILL_AT: at,
    });
    await machine.daemon.stop();
    await machine.ready();
    for (const name of Object.keys(machine.environment)) delete machine.environment[name];
  }

  /** Of each text one decision and one filing, a page that says so, and all invariants. */
  async function areDecidedOnce(...texts: readonly [Declaration, ...Declaration[]]): Promise<void> {
    const [{ incident }] = texts;
    await eventually("the filing", async () => {
      machine.pass(10_000);
      const all = await inRecord(machine, (reads) => reads.ofIncident(FACILITY, "delivery", incident));
      const done = all.filter(
        ({ content }) => content.channel === "portail" && content.state === "delivered",
      );
      return done.length >= texts.length || undefined;
    });
    await allDone(machine, 60, 1_000);
    const wanted = texts.map(({ sha256 }) => sha256);
    expect(await decisionsOf(incident)).toMatchObject(
      wanted.map((sha256) => ({ decision: "approved", sha256 })),
    );
    expect(machine.portal.taken.slice(filed).map(({ sha256 }) => sha256)).toEqual(wanted);
    const shown = await (await enter()).get(`/${FACILITY}/incidents/${incident}`);
    const stored = await inRecord(machine, (reads) => reads.record(FACILITY, "incident", incident));
    expect(untrueOn(shown.text, stored?.content as Incident)).toEqual([]);
    expect(faultsOf(await inspectMachine(machine, sent, storms))).toEqual({});
  }

  it("are taken once when one message comes many times at the same moment, and later again", {
    timeout: 60_000,
  }, async () => {
    const text = await open();
    const message = newMessageOf(text);
    expect(statuses(await atOnce(Array(COPIES).fill(message)))).toEqual([200, 409, 409, 409]);
    expect(await message()).toMatchObject({ status: 409, body: { code: "replayed", outcome: "approved" } });
    expect(await newMessageOf(text)()).toMatchObject(DECIDED);
    await areDecidedOnce(text);
  });

  it("are taken once when messages of several names carry one code at the same moment", {
    timeout: 60_000,
  }, async () => {
    const text = await open();
    machine.pass(CODE_LASTS);
    const messages = Array.from({ length: COPIES }, () => messageOf(text));
    const [taken, ...others] = statuses(await atOnce(messages));
    expect(taken).toBe(200);
    // By then the code is used, or the text decided on.
    for (const status of others) expect([403, 409]).toContain(status);
    await areDecidedOnce(text);
  });

  it("are taken once when the disk hangs and the tool sends again what nobody answers", {
    timeout: 60_000,
  }, async () => {
    const text = await open();
    const message = newMessageOf(text);
    machine.begin("disk held");
    const waiting = [message(), message()];
    await setTimeout(500);
    waiting.push(message(), messageOf(text)());
    const early = await Promise.race([...waiting, setTimeout(500, NONE)]);
    expect(early).toEqual(NONE);
    machine.end("disk held");
    const answers = await Promise.all(waiting);
    expect(statuses(answers).filter((status) => status === 200)).toHaveLength(1);
    await areDecidedOnce(text);
  });

  it.each(KILLS)(
    "stand once after a kill -9 $moment",
    { timeout: 90_000 },
    async ({ at, again, sameCode }) => {
      const text = await open();
      const starts = machine.daemon.starts();
      await armed(at);
      const message = newMessageOf(text);
      const other = messageOf(text);
      expect(await message()).toEqual(NONE);
      await machine.ready();
      expect(machine.daemon.starts()).toBe(starts + 2);

      // The tool had no answer: it says the same again, some say it more than once.
      const [first, ...copies] = (await atOnce([message, message, message])).toSorted(
        (a, b) => a.status - b.status,
      );
      expect(first).toMatchObject(again);
      for (const copy of copies) expect(copy).toMatchObject({ status: 409, body: { code: "replayed" } });
      if (sameCode !== undefined) expect(await other()).toMatchObject(sameCode);
      const standing = await decisionsOf(text.incident);
      expect(await newMessageOf(text)()).toMatchObject(standing.length === 0 ? APPROVED : DECIDED);
      await areDecidedOnce(text);
    },
  );

  it.each(REVERSED)(
    "count for the text that stands when they come in reverse: $earlier, then $later (apart: $apart)",
    { timeout: 60_000 },
    async ({ earlier, later, apart }) => {
      const old = await open();
      const given = newMessageOf(old, { decision: earlier, reason: REASON });
      const text = await grow(old);
      // What nobody decided on keeps its number: only its fingerprint tells the two apart.
      expect(text).toMatchObject({ id: old.id, version: old.version });
      expect(text.sha256).not.toBe(old.sha256);
      const next = newMessageOf(text, { decision: later, reason: REASON });
      const answers = apart ? [await next(), await given()] : await atOnce([next, given]);
      const approved = later === "approved";
      expect(answers).toMatchObject([
        approved ? APPROVED : { status: 202, body: { outcome: "second_awaited" } },
        apart && !approved ? { status: 409, body: { current: { sha256: text.sha256 } } } : { status: 409 },
      ]);
      expect(await decisionsOf(text.incident)).toHaveLength(approved ? 1 : 0);
      // Not to declare takes a second person, who is not there: the first thinks better of it.
      if (!approved) await decide(machine, text);
      await areDecidedOnce(text);
    },
  );

  it("of a version that was decided on leave the next one alone, when they come again beside its own", {
    timeout: 60_000,
  }, async () => {
    const old = await open();
    const given = newMessageOf(old);
    expect(await given()).toMatchObject(APPROVED);
    await eventually("the first filing", () => (machine.portal.taken.length > filed ? true : undefined));
    const text = await grow(old);
    expect(text.version).toBe(old.version + 1);
    expect(await atOnce([given, newMessageOf(old)])).toMatchObject([
      { status: 409, body: { code: "replayed", outcome: "approved" } },
      DECIDED,
    ]);
    expect(await decisionsOf(text.incident)).toHaveLength(1);
    const answers = await atOnce([given, messageOf(old), newMessageOf(text)]);
    expect(answers.map(({ status }) => status)).toEqual([409, 409, 200]);
    await areDecidedOnce(old, text);
  });

  it.each(AT_ONCE)(
    "approve and refuse one text at the same moment, %s sent first",
    {
      timeout: 60_000,
    },
    async (ahead) => {
      const text = await open();
      const approval = newMessageOf(text);
      // The code of the next half minute: one that serves both would be refused for that alone.
      const refusal = messageOf(text, { decision: "set_aside", reason: REASON }, CODE_LASTS);
      const [yes, no] = (
        ahead === "the approval"
          ? await atOnce([approval, refusal])
          : (await atOnce([refusal, approval])).toReversed()
      ).map(({ status }) => status);
      machine.pass(CODE_LASTS);
      // Who refuses first has used the later code, so that the earlier one serves no more; who approves first has decided.
      expect([200, 403]).toContain(yes);
      expect([202, 409]).toContain(no);
      expect(await decisionsOf(text.incident)).toHaveLength(yes === 200 ? 1 : 0);
      expect(await stepsOf(text.incident)).toEqual(no === 202 ? ["second_awaited"] : []);
      await decide(machine, text);
      await areDecidedOnce(text);
    },
  );

  it.each(["the approval", "the request"])(
    "approve a text of which a correction is asked on a page at the same moment, %s sent first",
    { timeout: 60_000 },
    async (ahead) => {
      const text = await open();
      const page = await enter();
      const here = `/${FACILITY}/incidents/${text.incident}/decision`;
      const form = hiddenFields((await page.get(here)).html, `${here}/renvoyer`);
      const approval = newMessageOf(text);
      const ask = () => page.post(`${here}/renvoyer`, { ...form, comment: REASON });
      const [answer, asked] =
        ahead === "the approval"
          ? await Promise.all([approval(), ask()])
          : (await Promise.all([ask(), approval()])).toReversed();
      expect(answer).toMatchObject(APPROVED);
      // What is asked after the decision is refused, and leaves nothing.
      expect([303, 409]).toContain(asked?.status);
      expect(await stepsOf(text.incident)).toEqual(asked?.status === 303 ? ["sent_back"] : []);
      await areDecidedOnce(text);
    },
  );
});
