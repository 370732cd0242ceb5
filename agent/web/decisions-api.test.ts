import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realDesk } from "../../test/support/real-desk.ts";
import { contentOfScene, draftOf } from "../../test/support/web-declaration.ts";
import { type Login, type Scene, startScene, TOOL_SECRET } from "../../test/support/web-server.ts";
import { hiddenFields, visitor } from "../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../core/clock.ts";
import type { Desk, Dossier } from "../stages/desk/desk.ts";

let scene: Scene;
beforeEach(async () => {
  scene = await startScene();
});
afterEach(() => scene.close());

const current = () => {
  const declaration = scene.desk.dossiers[0]?.current?.declaration;
  if (declaration === undefined) throw new Error("no draft");
  return { declaration: declaration.id, version: declaration.version, sha256: declaration.sha256 };
};
const decision = (more: object = {}) => ({
  ...current(),
  decision: "approved",
  delegate: "claire",
  code: scene.code("claire"),
  ...more,
});
const decisions = () => scene.desk.dossiers[0]?.decisions ?? [];

/** Puts another text in the place of the one that stands. */
function stand(dossier: Dossier | undefined, content: ReturnType<typeof contentOfScene>): void {
  if (dossier === undefined) return;
  const declaration = draftOf(content);
  dossier.current = { declaration, content };
  dossier.declarations = [...dossier.declarations, declaration];
}

let messages = 0;
async function send(
  body: unknown,
  how: { id?: string; secret?: string; at?: number; path?: string; tool?: string; sent?: string } = {},
) {
  const id = how.id ?? `msg_${++messages}`;
  const at = new Date((how.at ?? scene.clock.now()) / 1000);
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(scene.url + (how.path ?? "/api/v1/decisions"), {
    method: "POST",
    body: how.sent ?? text,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(how.secret ?? TOOL_SECRET).sign(id, at, text),
      ...(how.tool === undefined ? {} : { "tocsin-tool": how.tool }),
    },
  });
  return {
    status: response.status,
    type: response.headers.get("content-type") ?? "",
    body: await response.json(),
  };
}

describe("POST /api/v1/decisions", () => {
  it.each(["/api/v1/decisions", "/api/v1/facilities/chv/decisions"])(
    "takes a signed approval with the person's code on %s",
    async (path) => {
      expect(await send(decision(), { path, tool: "siem" })).toMatchObject({
        status: 200,
        body: { outcome: "approved" },
      });
      expect(decisions()).toMatchObject([
        {
          decision: "approved",
          delegate: { name: "Dr claire" },
          how: { channel: "webhook", tool: "siem", second_factor: "totp" },
        },
      ]);
    },
  );

  it("takes a set-aside with its reason", async () => {
    const reason = "Exercice interne, aucun soin touché.";
    expect(await send(decision({ decision: "set_aside", reason }))).toMatchObject({
      status: 200,
      body: { outcome: "set_aside" },
    });
    expect(decisions()).toMatchObject([{ reason }]);
  });

  it.each<[string, Parameters<typeof send>[1]]>([
    ["a wrong secret", { secret: Buffer.from("another secret of some length").toString("base64") }],
    ["an unknown tool", { tool: "nobody" }],
    ["a body changed after signing", { sent: '{"decision":"set_aside"}' }],
  ])("answers 401 to %s", async (_what, how) => {
    const reply = await send(decision(), how);
    expect(reply).toMatchObject({ status: 401, body: { status: 401 } });
    expect(reply.type).toContain("application/problem+json");
    expect(decisions()).toEqual([]);
  });

  it.each([-6, 6])("answers 401 to a message sent %i minutes from now", async (minutes) => {
    expect((await send(decision(), { at: scene.clock.now() + minutes * MICROSECONDS.minute })).status).toBe(
      401,
    );
  });

  it("answers 401 without signature and writes nothing", async () => {
    scene.written();
    const reply = await fetch(`${scene.url}/api/v1/decisions`, {
      method: "POST",
      body: JSON.stringify(decision()),
    });
    expect(reply.status).toBe(401);
    expect(scene.written()).toEqual([]);
  });

  it("hears a message once, and gives its outcome to whoever repeats it", async () => {
    await send(decision(), { id: "msg_same" });
    scene.clock.instant += MICROSECONDS.minute;
    const again = await send(decision(), { id: "msg_same" });
    expect(again).toMatchObject({ status: 409, body: { code: "replayed", outcome: "approved" } });
    expect(decisions()).toHaveLength(1);
  });

  it("decides once when the same message comes twice at the same time", async () => {
    const body = decision();
    const replies = await Promise.all([send(body, { id: "msg_twice" }), send(body, { id: "msg_twice" })]);
    expect(replies.map((each) => each.status).toSorted()).toEqual([200, 409]);
    expect(decisions()).toHaveLength(1);
  });

  it("answers 409 with what stands when the text has changed, and leaves the code unused", async () => {
    const body = decision();
    const [dossier] = scene.desk.dossiers;
    const content = contentOfScene(2, "Autre.");
    stand(dossier, content);
    scene.written();
    expect(await send(body)).toMatchObject({ status: 409, body: { current: current() } });
    expect(scene.written()).not.toContain("totp");
    expect(decisions()).toEqual([]);
  });

  it("answers the same to a wrong code, an unknown person and a role without the right", async () => {
    const wrong = await send(decision({ code: "000000" }));
    const unknown = await send(decision({ delegate: "nobody" }));
    const rssi = await send(decision({ delegate: "remi" satisfies Login, code: scene.code("remi") }));
    expect(wrong.status).toBe(403);
    expect(unknown).toEqual(wrong);
    expect(rssi).toEqual(wrong);
    expect(decisions()).toEqual([]);
  });

  it("refuses a code the second time, whichever way it came first", async () => {
    const code = scene.code("claire");
    expect((await send(decision({ decision: "set_aside", reason: "Exercice interne.", code }))).status).toBe(
      200,
    );
    const [dossier] = scene.desk.dossiers;
    stand(dossier, contentOfScene(2, "Autre."));
    expect((await send(decision({ code }))).status).toBe(403);
  });

  it("holds a tool back after eight wrong codes for one person", async () => {
    for (let i = 0; i < 8; i++) expect((await send(decision({ code: "000000" }))).status).toBe(403);
    expect((await send(decision())).status).toBe(429);
  });

  it.each<[string, object, string]>([
    ["an unknown decision", { decision: "maybe" }, "decision"],
    ["a fingerprint that is none", { sha256: "abc" }, "sha256"],
    ["a field too many", { extra: 1 }, "extra"],
    ["a version as text", { version: "1" }, "version"],
    ["a set-aside without reason", { decision: "set_aside" }, "reason"],
  ])("answers 422 naming the field for %s", async (_what, more, field) => {
    expect(await send(decision(more))).toMatchObject({ status: 422, body: { field } });
  });

  it("answers 422 to what is not JSON, 404 to an unknown declaration or facility, 405 to GET", async () => {
    expect((await send("not json")).status).toBe(422);
    expect((await send(decision({ declaration: "dec-9" }))).status).toBe(404);
    expect((await send(decision(), { path: "/api/v1/facilities/autre/decisions" })).status).toBe(404);
    expect((await fetch(`${scene.url}/api/v1/decisions`)).status).toBe(405);
    expect((await fetch(`${scene.url}/api/v1/autre`)).status).toBe(404);
  });

  it("answers 413 to a body over 64 kB", async () => {
    const reply = await send(decision({ reason: "x".repeat(70_000) }));
    expect(reply.status).toBe(413);
    expect(reply.type).toContain("application/problem+json");
  });
});

describe("not declaring while a criterion is met", () => {
  let night: Scene;
  let desk: Desk;
  let incident: string;
  beforeEach(async () => {
    await scene.close();
    night = await startScene({
      desk: async (parts) => {
        desk = await realDesk(parts);
        incident = desk.newForm();
        const source = { who: "self", name: "" } as const;
        await desk.openByHand(
          { form: incident, kinds: ["degraded_mode"], systems: [], source, text: "" },
          { id: "acc-claire", name: "Dr claire", role: "delegate", active: true },
        );
        return desk;
      },
    });
    scene = night;
  });

  const text = async () => {
    const { id = "", version = 0, sha256 = "" } = (await desk.dossier(incident))?.current?.declaration ?? {};
    return { declaration: id, version, sha256 };
  };
  const say = async (what: string, delegate: Login, more: object = {}) => {
    night.clock.instant += MICROSECONDS.minute;
    return send({ ...(await text()), decision: what, delegate, code: night.code(delegate), ...more });
  };
  const reason = "Exercice interne, aucun soin touché.";

  it("takes two people, each with their own code", async () => {
    expect(await say("confirm_set_aside", "dora")).toMatchObject({
      status: 409,
      body: { code: "nothing_awaited" },
    });
    expect(await say("set_aside", "claire", { reason })).toMatchObject({
      status: 202,
      body: { outcome: "second_awaited" },
    });
    expect((await desk.dossier(incident))?.decisions).toEqual([]);
    expect(await say("set_aside", "dora", { reason })).toMatchObject({
      status: 409,
      body: { code: "second_awaited", detail: expect.stringContaining("Dr claire"), current: await text() },
    });
    expect(await say("confirm_set_aside", "claire")).toMatchObject({
      status: 409,
      body: { code: "second_is_first" },
    });
    expect(await say("confirm_set_aside", "dora")).toMatchObject({
      status: 200,
      body: { outcome: "set_aside" },
    });
    expect((await desk.dossier(incident))?.decisions).toMatchObject([
      { delegate: { name: "Dr claire" }, second: { by: { name: "Dr dora" }, how: { channel: "webhook" } } },
    ]);
  });

  it("leaves one decision when a page and a tool decide at once", async () => {
    const claire = visitor(night);
    await claire.signIn("claire");
    const page = `/chv/incidents/${incident}/decision`;
    const form = hiddenFields((await claire.get(page)).text, `${page}/valider`);
    const body = { ...(await text()), decision: "approved", delegate: "dora", code: night.code("dora") };
    const [byPage, byTool] = await Promise.all([
      claire.post(`${page}/valider`, { ...form, code: night.code("claire") }),
      send(body),
    ]);
    expect(byPage.status).toBe(303);
    expect(byTool).toMatchObject({ status: 409, body: { detail: expect.stringMatching(/Dr claire/) } });
    expect((await desk.dossier(incident))?.decisions).toHaveLength(1);
  });
});
