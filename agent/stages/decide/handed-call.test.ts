import { afterEach, describe, expect, it } from "vitest";
import { DELETED, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { rosterOf } from "../../../test/support/rosters.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { Account } from "../../core/person.ts";

const person = (id: string, role: Account["role"], over: Partial<Account> = {}): Account =>
  Account.parse({ id, login: id, name: id.toUpperCase(), role, phone: "+33600000001", created: 0, ...over });
const ANNE = person("anne", "delegate");
const CLEA = person("clea", "delegate", { email: "clea@ch.example" });
const DORA = person("dora", "delegate");
const DAN = person("dan", "director", { email: "dan@ch.example" });
const REMI = person("remi", "rssi");
const { minute } = MICROSECONDS;

let stages: Stages;
let incident: string;
afterEach(() => stages?.close());

async function open(
  channels: NonNullable<Parameters<typeof openStages>[0]>["channels"] = [
    { id: "sms", for: ["on_call", "delegate"], reaches: "phone" },
    { id: "mail", for: ["on_call"], reaches: "email" },
  ],
  accounts: Account[] = [ANNE, CLEA, DORA, DAN, REMI],
) {
  stages = await openStages({
    mode: "live",
    reach: "assisted",
    channels,
    calls: {
      remindAfter: 5 * minute,
      nextAfter: 5 * minute,
      delegateAfter: 15 * minute,
      rounds: 2,
      rosters: rosterOf({ delegate: ["anne", "dora"] }),
    },
    accounts,
  });
  await stages.take(DELETED, NOTE);
  incident = stages.pipeline.incidents()[0] ?? "";
  await pass(1);
}

/** Lets time pass in minutes, sweeping at each. */
async function pass(minutes: number) {
  for (let i = 0; i < minutes; i++) {
    while ((await stages.sweeper.sweep()) > 0);
    stages.clock.pass(1);
  }
  while ((await stages.sweeper.sweep()) > 0);
}

/** Whom each message reached since, with the minutes after `from`. */
const heard = (from: number) =>
  stages.sent
    .filter(({ context }) => context.now >= from)
    .map(({ context, channel, message: { event } }) => {
      const after = Math.round((context.now - from) / minute);
      return `${after} ${context.to?.name ?? "?"} ${channel}${event === "decision_needed" ? "" : ` ${event}`}`;
    });
const ladder = async () =>
  (await stages.desk.dossier(incident))?.calls.find(({ role }) => role === "delegate");
const handTo = (to: Account, by: Account = ANNE) =>
  stages.desk.handOver({ incident, to: to.id, comment: "Je suis au bloc." }, by);

describe("the hand passed to a colleague", () => {
  it("calls them, reminds them, then goes on to the others, and to who passed it last of all", async () => {
    await open();
    const from = stages.clock.now();
    expect(await handTo(CLEA)).toMatchObject({ outcome: "handed_over" });
    await pass(36);
    expect(heard(from)).toEqual([
      "0 CLEA sms handed_over",
      "5 CLEA sms",
      // Who is on call is called in place of a colleague who stays silent; CLEA is not on the roster.
      "10 DORA sms",
      "15 DORA sms",
      "20 DAN sms",
      "25 DAN sms",
      "30 ANNE sms",
      "35 ANNE sms",
    ]);
    const call = await ladder();
    expect(call?.rows.map(({ name }) => name)).toContain("DORA");
    expect(call?.stopped).toBeNull();
    expect((await stages.pipeline.view(incident))?.decisions).toEqual([]);
  });

  it("says on the page who is next", async () => {
    await open();
    await handTo(CLEA);
    await pass(1);
    expect((await ladder())?.next).toMatchObject({
      name: "CLEA",
      why: "reminder",
    });
    await pass(6);
    expect((await ladder())?.next).toMatchObject({
      name: "DORA",
      why: "next",
    });
  });

  it.each([
    ["they say that they have seen it", async () => void (await stages.desk.acknowledge(incident, CLEA))],
    ["they pass it on, whose own call then goes on", async () => void (await handTo(DAN, CLEA))],
    [
      "they decide",
      async () => {
        await stages.desk.takeUp(incident, CLEA);
        const declaration = (await stages.desk.dossier(incident))?.current?.declaration;
        const { id = "", version = 0, sha256 = "" } = declaration ?? {};
        const proof = { channel: "web", second_factor: "totp" } as const;
        const text = { incident, declaration: id, version, sha256 };
        expect(await stages.desk.approve(text, proof, CLEA)).toMatchObject({ outcome: "approved" });
      },
    ],
  ])("stops calling them once %s", async (_what, answer) => {
    await open();
    await handTo(CLEA);
    await pass(2);
    const from = stages.clock.now();
    await answer();
    await pass(60);
    const passedOn = heard(from).some((line) => line.includes("handed_over"));
    // CLEA is on no roster: the call of whom she passed it to leaves her alone.
    if (passedOn) expect(heard(from).filter((line) => line.includes("CLEA"))).toEqual([]);
    else expect(heard(from).filter((line) => line.endsWith(" sms"))).toEqual([]);
  });

  it("calls who had passed it when it comes back, and the others when they are silent", async () => {
    await open();
    await handTo(CLEA);
    await pass(2);
    const from = stages.clock.now();
    expect(await stages.desk.handBack({ incident, comment: "En avion." }, CLEA)).toEqual({
      outcome: "handed_back",
    });
    await pass(11);
    expect(heard(from)).toEqual(["0 ANNE sms handed_back", "5 ANNE sms", "10 DORA sms"]);
  });

  it("makes one turn, not those it missed, when the daemon was down", async () => {
    await open();
    await handTo(CLEA);
    await pass(1);
    const from = stages.clock.now();
    stages.clock.pass(120);
    await pass(1);
    expect(heard(from)).toEqual(["120 CLEA sms"]);
  });

  it("goes on after a restart", async () => {
    await open();
    await handTo(CLEA);
    await pass(2);
    stages = await stages.restart();
    const from = stages.clock.now();
    await pass(10);
    expect(heard(from).map((line) => line.split(" ")[1])).toEqual(["CLEA", "DORA"]);
  });
});

describe("the reminder that an approved text is not filed", () => {
  /** Approved by who is on call; what the next two hours tell the directors. */
  async function approved(...args: Parameters<typeof open>) {
    await open(...args);
    await stages.desk.takeUp(incident, ANNE);
    const declaration = (await stages.desk.dossier(incident))?.current?.declaration;
    const { id = "", version = 0, sha256 = "" } = declaration ?? {};
    const text = { incident, declaration: id, version, sha256 };
    const done = await stages.desk.approve(text, { channel: "web", second_factor: "totp" }, ANNE);
    expect(done).toMatchObject({ outcome: "approved" });
    const from = stages.clock.now();
    await pass(80);
    return heard(from).filter((line) => /DAN|DIANE/.test(line));
  }

  it("reaches the director by every channel that can, from the third one on", async () => {
    expect((await approved()).toSorted()).toEqual([
      "45 DAN mail not_filed",
      "45 DAN sms not_filed",
      "75 DAN mail not_filed",
      "75 DAN sms not_filed",
    ]);
  });

  it("reaches each director by the contacts they have, and no director who is no more", async () => {
    const diane = person("diane", "director", { phone: "", email: "diane@ch.example" });
    const gone = person("gone", "director", { name: "DIANE BIS", active: false });
    const lines = await approved(undefined, [ANNE, DORA, DAN, diane, gone]);
    expect(lines.filter((line) => line.startsWith("45")).toSorted()).toEqual([
      "45 DAN mail not_filed",
      "45 DAN sms not_filed",
      "45 DIANE mail not_filed",
    ]);
  });

  it("passes over a channel that depends on what is attacked while another reaches them", async () => {
    const dependency = { systems: ["pacs"], label: "le réseau", feminine: false };
    const lines = await approved([
      { id: "sms", for: ["on_call", "delegate"], reaches: "phone" },
      { id: "mail", for: ["on_call", "delegate"], reaches: "email", depends_on: [dependency] },
    ]);
    expect(lines.filter((line) => line.startsWith("45"))).toEqual(["45 DAN sms not_filed"]);
  });
});
