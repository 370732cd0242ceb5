import { afterEach, describe, expect, it } from "vitest";
import type { Attempt, AttemptContext, Message } from "../../../connectors/contract.ts";
import { aFact, anIncident } from "../../../test/support/incident.ts";
import { onCallOf } from "../../../test/support/on-call.ts";
import { rosterOf } from "../../../test/support/rosters.ts";
import { sceneDossier } from "../../../test/support/web-scene.ts";
import { type Login, type Scene, startScene } from "../../../test/support/web-server.ts";
import { visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { newWork } from "../../stages/work.ts";

const HOSTILE = `<img src=x onerror="alert(1)"><script>alert(1)</script>`;
const CALLS = {
  remindAfter: 5 * MICROSECONDS.minute,
  nextAfter: 5 * MICROSECONDS.minute,
  delegateAfter: 15 * MICROSECONDS.minute,
  rounds: 3,
};

let scene: Scene;
afterEach(() => scene.close());
const sent: { message: Message; context: AttemptContext }[] = [];

async function open(
  answer: Attempt = { outcome: "delivered", because: "HTTP 204" },
  people = ["omar", "remi"],
) {
  sent.length = 0;
  const send = async (message: Message, context: AttemptContext) => {
    sent.push({ message, context });
    return answer;
  };
  const touched = { ...newWork(anIncident()), facts: [aFact("system_unavailable", { system: "exchange" })] };
  scene = await startScene({
    onCall: (parts) =>
      onCallOf(parts, {
        calls: { ...CALLS, rosters: rosterOf({ on_call: people, delegate: ["claire"] }) },
        notify: [
          { id: "sms", for: ["on_call", "delegate"], reaches: "phone" },
          {
            id: "courriel",
            for: ["on_call"],
            depends_on: [{ systems: ["exchange"], label: "la messagerie", feminine: true }],
          },
        ],
        channels: new Map(["sms", "courriel"].map((id) => [id, { repeatable: true, send }])),
        works: [touched],
      }),
  });
}
async function signedIn(login: Login) {
  const person = visitor(scene);
  await person.signIn(login);
  return person;
}
const PAGE = "/chv/astreinte";
const TEST = `${PAGE}/essai`;

describe("the page of who is on call", () => {
  it("says who is called in which order, by what, and which way is not used", async () => {
    await open();
    const { text } = await (await signedIn("anne")).get(PAGE);
    for (const shown of ["Astreinte informatique", "Dr omar", "Dr remi", "Dr claire", "par sms"])
      expect(text).toContain(shown);
    expect(text).toContain("dépend de la messagerie, touchée");
    expect(text.indexOf("Dr omar")).toBeLessThan(text.indexOf("Dr remi"));
  });

  it("shows a person who cannot be reached as a fault, with what to do", async () => {
    await open(undefined, ["omar", HOSTILE]);
    const { text } = await (await signedIn("anne")).get(PAGE);
    expect(text).toContain("Tour de garde à corriger");
    expect(text).toContain("is no account");
    expect(text).not.toContain("<img");
  });

  it("is for people who are signed in", async () => {
    await open();
    const { status, location } = await visitor(scene).get(PAGE);
    expect([status, location]).toEqual([303, expect.stringContaining("/chv/connexion")]);
  });
});

describe("the test of a channel", () => {
  it("is marked as one, reaches who asks, is journalled, and its outcome is shown", async () => {
    await open();
    const person = await signedIn("remi");
    scene.written();
    const done = await person.submit(PAGE, TEST, { channel: "sms" });
    expect(done.status).toBe(200);
    expect(done.text).toContain("Pris en charge – HTTP 204");
    expect(sent[0]?.message).toMatchObject({ event: "test", exercise: true, incident: null });
    expect(sent[0]?.message.subject).toContain("TEST – EXERCICE");
    expect(sent[0]?.context.to).toMatchObject({ name: "Dr remi", phone: "01 23 45 67 89" });
    expect(scene.written().filter((write) => write === "note")).toHaveLength(2);
  });

  it("that failed says why", async () => {
    await open({ outcome: "refused", because: HOSTILE });
    const done = await (await signedIn("remi")).submit(PAGE, TEST, { channel: "courriel" });
    expect(done.text).toContain("Refusé");
    expect(done.text).not.toContain("<img");
  });

  it("is made once in half a minute", async () => {
    await open();
    const person = await signedIn("remi");
    await person.submit(PAGE, TEST, { channel: "sms" });
    const again = await person.submit(PAGE, TEST, { channel: "sms" });
    expect(again.status).toBe(409);
    expect(sent).toHaveLength(1);
  });

  it.each<Login>(["anne", "omar"])("is not offered to %s", async (login) => {
    await open();
    const { text } = await (await signedIn(login)).get(PAGE);
    expect(text).not.toContain(TEST);
  });

  it("is not made by a link", async () => {
    await open();
    expect((await (await signedIn("remi")).get(`${TEST}?channel=sms`)).status).toBe(404);
    expect(sent).toEqual([]);
  });
});

describe("the hand-over", () => {
  it("says what is left, what was new, and who is on call", async () => {
    await open();
    const { status, text } = await (await signedIn("anne")).get("/chv/releve");
    expect(scene.logged.filter((each) => each.includes("page failed"))).toEqual([]);
    expect(status).toBe(200);
    for (const shown of ["À suivre", "Depuis 24 heures", "Dr omar", "Rien n’est à suivre."])
      expect(text).toContain(shown);
  });
});

describe("the ladder on the page of an incident", () => {
  const dossier = () => ({
    ...sceneDossier(),
    calls: [
      {
        role: "on_call" as const,
        title: "Astreinte informatique",
        rows: [
          {
            at: 0,
            name: HOSTILE,
            why: "first" as const,
            channel: "sms",
            state: "failed" as const,
            attempt: 2,
            because: HOSTILE,
          },
        ],
        next: { at: MICROSECONDS.minute, name: "Dr remi", why: "next" as const, channels: ["sms"] },
        stopped: null,
      },
    ],
  });

  it("says who was called, what became of it and who is next; J'ai vu ends it", async () => {
    scene = await startScene({ dossier: dossier() as ReturnType<typeof sceneDossier> });
    const person = await signedIn("omar");
    const page = "/chv/incidents/inc-1";
    const { text } = await person.get(page);
    expect(text).toContain("Non joint");
    expect(text).toContain("le précédent n’a pas répondu");
    expect(text).not.toContain("<img");
    const done = await person.submit(page, `${page}/vu`, {});
    expect(done.location).toBe(`${page}?fait=vu#prevenus-titre`);
  });

  it("offers nothing to who may only read", async () => {
    scene = await startScene({ dossier: dossier() as ReturnType<typeof sceneDossier> });
    const { text } = await (await signedIn("anne")).get("/chv/incidents/inc-1");
    expect(text).not.toContain("/vu");
  });
});
