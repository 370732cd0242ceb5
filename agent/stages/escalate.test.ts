import { afterEach, describe, expect, it } from "vitest";
import type { Attempt } from "../../connectors/contract.ts";
import { DELETED, NOTE, openStages, type Stages } from "../../test/support/pipeline.ts";
import { rosterOf } from "../../test/support/rosters.ts";
import { MICROSECONDS } from "../core/clock.ts";
import { Account } from "../core/person.ts";
import type { Calls } from "../core/roster.ts";
import { nextCallee } from "./escalate.ts";
import type { Callee } from "./roster/people-to-call.ts";

const person = (id: string, role: Account["role"], over: Partial<Account> = {}): Account =>
  Account.parse({
    id,
    login: id,
    name: id.toUpperCase(),
    role,
    email: `${id}@ch.example`,
    phone: "+33600000001",
    created: 0,
    ...over,
  });
const PEOPLE = [
  person("paul", "operator"),
  person("lea", "operator"),
  person("dora", "delegate"),
  person("dan", "director"),
];
const CALLS = {
  remindAfter: 5 * MICROSECONDS.minute,
  nextAfter: 5 * MICROSECONDS.minute,
  delegateAfter: 15 * MICROSECONDS.minute,
  rounds: 2,
};

/** Minutes. */
const DAY = 24 * 60;

let stages: Stages;
afterEach(() => stages?.close());

interface Heard {
  minute: number;
  channel: string;
  name: string;
  event: string;
}

async function open(
  over: {
    channels?: NonNullable<Parameters<typeof openStages>[0]>["channels"];
    calls?: Partial<Calls>;
    people?: Account[];
  } = {},
) {
  const channels = over.channels ?? [
    { id: "sms", for: ["on_call", "delegate", "director"], reaches: "phone" },
    { id: "mail", for: ["on_call", "delegate", "director"], reaches: "email" },
  ];
  stages = await openStages({
    channels,
    calls: {
      ...CALLS,
      rosters: rosterOf({ on_call: ["paul", "lea"], delegate: ["dora"] }),
      ...over.calls,
    },
    accounts: over.people ?? PEOPLE,
  });
  return stages;
}

/** Lets time pass in minutes, sweeping at each. */
async function pass(minutes: number) {
  for (let i = 0; i <= minutes; i++) {
    if (i > 0) stages.clock.pass(1);
    while ((await stages.sweeper.sweep()) > 0);
  }
}

const heard = (): Heard[] =>
  stages.sent.map(({ channel, message, context }) => ({
    minute: Math.round((context.now - stages.begun) / MICROSECONDS.minute),
    channel,
    name: context.to?.name ?? "",
    event: message.event,
  }));
const ladder = () => heard().map(({ minute, channel, name }) => `${minute} ${name} ${channel}`);
const incident = async () => (await stages.desk.incidents({ limit: 1 }))[0]?.incident.id ?? "";

describe("a call", () => {
  it("goes to IT on call, again by another way, then to the deputy, the delegate and the director", async () => {
    await open();
    await stages.take(DELETED);
    await pass(36);
    expect(ladder()).toEqual([
      "0 PAUL sms",
      "5 PAUL mail",
      "10 LEA sms",
      // IT has not answered for a quarter of an hour: the delegate is called before LEA's reminder.
      "15 DORA sms",
      "20 DORA mail",
      "25 DAN sms",
      "30 DAN mail",
      "35 LEA mail",
    ]);
    expect(stages.sent[1]?.message.subject).toContain("(rappel)");
  });

  it("calls the delegate at once when a criterion is met", async () => {
    await open();
    await stages.take(DELETED, NOTE);
    await pass(1);
    expect(heard()).toHaveLength(2);
    expect(heard()).toContainEqual({ minute: 0, channel: "sms", name: "PAUL", event: "incident_opened" });
    expect(heard()).toContainEqual({ minute: 0, channel: "sms", name: "DORA", event: "decision_needed" });
  });

  it("ends when somebody says that they have seen it, and not what only a delegate may end", async () => {
    await open();
    await stages.take(DELETED, NOTE);
    await pass(1);
    expect(await stages.desk.acknowledge(await incident(), PEOPLE[0] as Account)).toEqual({
      outcome: "seen",
    });
    await pass(8);
    expect(heard().filter(({ event }) => event === "incident_opened")).toHaveLength(1);
    expect(heard().filter(({ event }) => event === "decision_needed")).toHaveLength(2);
    await stages.desk.acknowledge(await incident(), PEOPLE[2] as Account);
    const before = heard().length;
    await pass(60);
    expect(heard()).toHaveLength(before);
  });

  it("takes nothing over and decides nothing by being seen", async () => {
    await open();
    await stages.take(DELETED, NOTE);
    await stages.desk.acknowledge(await incident(), PEOPLE[2] as Account);
    const dossier = await stages.desk.dossier(await incident());
    expect(dossier?.incident).toMatchObject({ state: "in_review", declarant: null });
    expect(dossier?.decisions).toEqual([]);
    expect(dossier?.calls.map(({ stopped }) => stopped)).toEqual(["vu par DORA", "vu par DORA"]);
  });

  it("ends by itself, never with a declaration, when nobody ever answers", async () => {
    await open();
    await stages.take(DELETED, NOTE);
    await pass(300);
    const dossier = await stages.desk.dossier(await incident());
    expect(dossier?.incident.state).toBe("in_review");
    expect(dossier?.deliveries).toEqual([]);
    expect(stages.filings).toEqual([]);
    expect(dossier?.calls.map(({ stopped }) => stopped)).toEqual([
      "personne n'a répondu, chacun a été rappelé",
      "personne n'a répondu, chacun a été rappelé",
    ]);
    // Two rounds of two turns each: four people for IT's call, two for the delegate's.
    expect(heard()).toHaveLength(4 * 4 + 2 * 4);
    expect(new Set(stages.sent.map(({ message }) => message.key)).size).toBe(24);
  });

  it("makes one turn after a long stop, not those that it missed", async () => {
    await open();
    await stages.take(DELETED);
    await pass(1);
    stages.clock.pass(600);
    await pass(1);
    expect(ladder()).toEqual(["0 PAUL sms", "601 DORA sms"]);
  });

  it.each<[string, number]>([
    ["before the first turn", 0],
    ["between two turns", 6],
  ])("goes on at once when the clock, a day ahead, is set back %s", async (_, after) => {
    await open();
    await stages.take(DELETED);
    if (after > 0) await pass(after);
    const before = heard();
    stages.clock.pass(-DAY);
    await pass(6);
    const since = heard().slice(before.length);
    expect(since.map(({ minute }) => minute + DAY)).toEqual([after, after + 5]);
    await stages.desk.acknowledge(await incident(), PEOPLE[0] as Account);
    await pass(60);
    expect(heard()).toHaveLength(before.length + since.length);
  });

  it("is tried again at once when it reached nobody before the clock, a day ahead, was set back", async () => {
    await open({ channels: [{ id: "sms", for: ["on_call"], reaches: "phone" }] });
    stages.answers.push({ outcome: "unreachable", because: "ECONNREFUSED" });
    await stages.take(DELETED);
    await pass(0);
    expect(heard()).toHaveLength(1);
    stages.clock.pass(-DAY);
    await pass(0);
    expect(new Set(stages.sent.map(({ message }) => message.key)).size).toBe(2);
    expect(heard().map(({ minute }) => minute)).toEqual([0, -DAY, -DAY]);
  });

  it("goes on in another process where it stood", async () => {
    await open();
    await stages.take(DELETED);
    await pass(6);
    const first = ladder();
    stages = await stages.restart();
    await pass(6);
    expect([...first, ...ladder()]).toEqual(["0 PAUL sms", "5 PAUL mail", "10 LEA sms"]);
  });

  it("shows who was called and who is next", async () => {
    await open();
    await stages.take(DELETED);
    await pass(1);
    const [call] = (await stages.desk.dossier(await incident()))?.calls ?? [];
    expect(call?.rows).toMatchObject([{ name: "PAUL", channel: "sms", state: "done", why: "first" }]);
    expect(call?.next).toMatchObject({ name: "PAUL", why: "reminder" });
  });

  it("calls nobody in observation", async () => {
    stages = await openStages({
      mode: "observe",
      channels: [{ id: "sms", for: ["on_call"], reaches: "phone" }],
      calls: { ...CALLS, rosters: rosterOf({ on_call: ["paul"] }) },
      accounts: PEOPLE,
    });
    await stages.take(DELETED);
    await pass(10);
    expect(stages.sent).toEqual([]);
  });
});

describe("a contact that fails", () => {
  it("is followed by the person's next one at once, and is not tried on once that one has reached them", async () => {
    await open();
    stages.answerBy.set("sms", { outcome: "unreachable", because: "ECONNREFUSED" });
    await stages.take(DELETED);
    await pass(3);
    expect(ladder()).toEqual(["0 PAUL sms", "0 PAUL mail"]);
    const [call] = (await stages.desk.dossier(await incident()))?.calls ?? [];
    expect(call?.rows.map(({ channel, because }) => `${channel}: ${because}`).toSorted()).toEqual([
      "mail: test",
      "sms: joint par mail",
    ]);
  });

  it.each<Attempt>([
    { outcome: "refused", because: "HTTP 400" },
    { outcome: "uncertain", because: "pas de réponse" },
  ])("does not end the call: %j", async (answer) => {
    await open();
    stages.answerBy.set("sms", answer);
    stages.answerBy.set("mail", answer);
    await stages.take(DELETED);
    await pass(12);
    expect(new Set(heard().map(({ name }) => name))).toEqual(new Set(["PAUL", "LEA"]));
  });
});

describe("a channel that depends on what is touched", () => {
  const mailFirst = [
    {
      id: "mail",
      for: ["on_call", "delegate"] as const,
      reaches: "email" as const,
      depends_on: [{ systems: ["annuaire"], label: "l'annuaire", feminine: false }],
    },
    { id: "sms", for: ["on_call", "delegate"] as const, reaches: "phone" as const },
  ];
  const directory = { ...DELETED, host: "dc01" };

  it("is passed over, visibly, and the next one is taken", async () => {
    await open({ channels: mailFirst });
    await stages.take(directory);
    await pass(1);
    expect(ladder()).toEqual(["0 PAUL sms"]);
    const [call] = (await stages.desk.dossier(await incident()))?.calls ?? [];
    expect(call?.rows).toMatchObject([
      { channel: "mail", state: "cancelled", because: "non utilisé : dépend de l'annuaire, touché" },
      { channel: "sms", state: "done" },
    ]);
  });

  it("is used while nothing touches it", async () => {
    await open({ channels: mailFirst });
    await stages.take(DELETED);
    await pass(1);
    expect(ladder()).toEqual(["0 PAUL mail"]);
  });

  it("is tried all the same, and it is said, when every other one is touched too", async () => {
    await open({ channels: mailFirst.slice(0, 1) });
    await stages.take(directory);
    await pass(1);
    expect(ladder()).toEqual(["0 PAUL mail"]);
    const [call] = (await stages.desk.dossier(await incident()))?.calls ?? [];
    expect(call?.rows[0]?.because).toBe(
      "test – essayé malgré tout : dépend de l'annuaire, touché, comme tous les autres moyens",
    );
  });

  it("is passed over as well when it has a target of its own", async () => {
    await open({
      channels: [
        {
          id: "salon",
          for: ["on_call"],
          depends_on: [{ systems: ["annuaire"], label: "l'annuaire", feminine: false }],
        },
        { id: "bip", for: ["on_call"] },
      ],
    });
    await stages.take(directory);
    await pass(1);
    expect(heard().map(({ channel }) => channel)).toEqual(["bip"]);
    const effects = (await stages.desk.dossier(await incident()))?.effects ?? [];
    expect(effects.find(({ key }) => key.includes(":salon:"))).toMatchObject({
      state: "cancelled",
      because: "non utilisé : dépend de l'annuaire, touché",
    });
  });
});

describe("who is next", () => {
  const callees: Callee[] = [
    { account: PEOPLE[0] as Account, as: "on_call" },
    { account: PEOPLE[2] as Account, as: "delegate" },
  ];
  it.each<[string[], number, string | undefined, string | undefined]>([
    [[], 0, "paul", "first"],
    [["paul"], 5, "paul", "reminder"],
    [["paul", "paul"], 10, "dora", "next"],
    [["paul"], 20, "dora", "delegate_too"],
    [["gone"], 5, "paul", "next"],
    [["paul", "paul", "dora", "dora"], 60, "paul", "next"],
    [["paul", "paul", "dora", "dora", "paul", "paul", "dora", "dora"], 60, undefined, undefined],
  ])("after %j, at minute %i, is %s", (called, minute, id, why) => {
    const now = minute * MICROSECONDS.minute;
    const next = nextCallee(callees, { role: "on_call", begun: 0, called }, CALLS, now);
    expect(next?.callee.account.id).toBe(id);
    expect(next?.why).toBe(why);
  });
});
