import { join } from "node:path";
import PostalMime from "postal-mime";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Instant, MICROSECONDS } from "../../agent/core/clock.ts";
import type { OpenOutbound } from "../../agent/stages/transmit.ts";
import type { WayOut } from "../../agent/stages/work.ts";
import { verifyBundle, writeBundle } from "../../agent/store/bundle.ts";
import { loadSigningKey } from "../../agent/store/keys.ts";
import { openArs } from "../support/ars-mail.ts";
import { openssl } from "../support/authority.ts";
import { DPO, dutyScene, RSSI, valueIn } from "../support/duty-scene.ts";
import { PROOF } from "../support/night.ts";
import { describePeer } from "../support/peer.ts";
import { DELETED, NOTE, openStages, type Stages } from "../support/pipeline.ts";
import { openPortalScene } from "../support/portal-scene.ts";
import { type SmtpPeer, startSmtp } from "../support/smtp-peer.ts";

const RGPD = "rgpd-33";
const FACILITY = "ch-exemple";
const phone = { to: "ARS", phone: "02 00 00 00 00", steps: [] };
const WAYS: WayOut[] = [
  { id: "concentrateur", reach: "authority" },
  { id: "portail", reach: "assisted" },
  { id: "ars-courriel", reach: "authority", fallback: true },
  { id: "ars-telephone", reach: "assisted", fallback: true, guide: phone },
  { id: "cert", reach: "assisted", kind: "help", guide: { ...phone, to: "CERT Santé" } },
];

describePeer(openssl, "a dossier from its draft to its archive, over six weeks", () => {
  const scene = openPortalScene();
  /** What the concentrator does with the next calls; then it works. */
  const moods: ("busy" | "web page" | "refuses")[] = ["busy", "web page", "refuses"];
  const held = new Map<string, string>();
  let smtp: SmtpPeer;
  let stages: Stages;
  let incident: string;

  beforeAll(async () => {
    const { url, asked } = await scene.portal(({ method, headers, path }, response) => {
      if (method === "GET") {
        const id = held.get(decodeURIComponent(path.split("/").at(-1) ?? ""));
        return void response.writeHead(id === undefined ? 404 : 200).end(JSON.stringify({ id }));
      }
      const mood = moods.shift();
      if (mood === "busy") return void response.writeHead(503).end("maintenance");
      if (mood === "web page")
        return void response.writeHead(200, { "content-type": "text/html" }).end("<h1>Erreur interne</h1>");
      if (mood === "refuses")
        return void response.writeHead(422).end(JSON.stringify({ message: "FINESS inconnu" }));
      const key = String(headers["idempotency-key"]);
      held.set(key, held.get(key) ?? `GW-${held.size + 1}`);
      response.writeHead(201).end(JSON.stringify({ id: held.get(key) }));
    });
    calls = asked;
    smtp = await startSmtp();
    const status = { url: `${url}/declarations/{key}`, never_received: { statuses: [404] } };
    const carriers = new Map<string, OpenOutbound>([
      ["concentrateur", { ...scene.open(url, { status }), repeatable: false }],
      ["ars-courriel", { ...openArs(smtp.port), repeatable: false, handsOn: true }],
    ]);
    stages = await openStages({ mode: "live", ways: WAYS, carriers, regimes: ["sante-2022", "rgpd-33"] });
    await stages.take(DELETED, NOTE);
    await sweep();
    incident = (await stages.desk.incidents({ limit: 1 }))[0]?.incident.id ?? "";
  });
  afterAll(async () => {
    await stages?.close();
    await smtp?.close();
    scene.close();
  });
  let calls: readonly { method: string }[] = [];

  const sweep = async () => {
    while ((await stages.sweeper.sweep()) > 0);
  };
  const pass = async (minutes: number) => {
    stages.clock.pass(minutes);
    await sweep();
  };
  const DAY = 24 * 60;
  const dossier = async () => {
    const found = await stages.desk.dossier(incident);
    if (found === undefined) throw new Error("no dossier");
    return found;
  };
  const approve = async () => {
    await stages.desk.takeUp(incident, stages.delegate);
    const { id = "", version = 0, sha256 = "" } = (await dossier()).current?.declaration ?? {};
    const text = { incident, declaration: id, version, sha256 };
    expect(await stages.desk.approve(text, PROOF, stages.delegate)).toMatchObject({ outcome: "approved" });
    await sweep();
  };
  const states = async (version: number) =>
    Object.fromEntries(
      (await dossier()).deliveries
        .filter((each) => each.version === version)
        .map(({ channel, state }) => [channel, state]),
    );
  const exchange = (n: number, more: object) =>
    stages.desk.followUp.recordExchange(
      {
        form: `0000000${n}-0000-7000-8000-000000000000`,
        incident,
        ...{ party: "cert_sante", name: "", direction: "received", way: "mail", kind: "other" },
        ...{ subject: "Votre signalement", text: "Message recopié." },
        ...more,
      } as Parameters<typeof stages.desk.followUp.recordExchange>[0],
      RSSI,
    );

  const endStates = async () => {
    const source = { who: "self", name: "" } as const;
    for (const { id, until } of (await dossier()).facts)
      if (until === null) await stages.desk.endFact({ incident, fact: id, source }, stages.delegate);
  };

  it("the night: nothing is called filed that is not", async () => {
    await approve();
    // Busy: tried again. Then an error page under a success: nobody knows.
    expect(await states(1)).toEqual({ concentrateur: "planned" });
    await pass(1);
    expect(await states(1)).toEqual({ concentrateur: "uncertain" });
    expect((await dossier()).incident.state).toBe("approved");
    // Asked, the concentrator has never had it; sent again, it refuses it: the portal is offered to a person.
    await pass(1);
    await pass(1);
    expect(await states(1)).toEqual({ concentrateur: "refused", portail: "planned" });
    expect(calls.map(({ method }) => method)).toEqual(["POST", "POST", "GET", "POST"]);

    const said = { incident, since: stages.clock.now(), tried: "Portail et 4G essayés : page injoignable." };
    expect((await stages.desk.recordImpossibility(said, stages.delegate)).outcome).toBe("noted");
    const mail = await stages.desk.startDelivery({ incident, channel: "ars-courriel" }, stages.delegate);
    expect(mail.outcome).toBe("started");
    await sweep();
    expect((await states(1))["ars-courriel"]).toBe("uncertain");
    expect((await dossier()).incident.state).toBe("approved");
    const [message] = smtp.received;
    const letter = await PostalMime.parse(message?.bytes ?? "");
    expect(letter.subject).toContain("incident de sécurité des systèmes d'information");
    expect(letter.attachments.map(({ mimeType }) => mimeType)).toEqual([
      "application/pdf",
      "application/json",
    ]);

    const help = { incident, channel: "cert", reference: "", told: "Analyste d'astreinte, rappel à 04:00." };
    expect((await stages.desk.recordFiling(help, RSSI)).outcome).toBe("recorded");
    expect((await dossier()).incident.state).toBe("approved");
    const call = {
      incident,
      channel: "ars-telephone",
      reference: "",
      told: "Mme Le Gall, astreinte ARS : noté.",
    };
    expect((await stages.desk.recordFiling(call, stages.delegate)).outcome).toBe("recorded");
    expect((await dossier()).incident).toMatchObject({
      state: "declared",
      because: expect.stringContaining("à régulariser sur le portail"),
    });

    await pass(20);
    const portal = (await dossier()).deliveries.find(({ channel }) => channel === "portail");
    const filing = { incident, delivery: portal?.id ?? "", reference: "SIG-2026-0815" };
    expect((await stages.desk.recordFiling(filing, stages.delegate)).outcome).toBe("recorded");
    expect((await states(1)).portail).toBe("delivered");
  });

  it("the third day: the CNIL's draft is settled and approved by the DPO alone, and no machine sends it", async () => {
    const duty = dutyScene(stages, incident);
    expect(await duty.fileOf(RGPD)).toMatchObject({ state: "draft", version: 1 });
    expect(await duty.approve(RGPD, RSSI)).toMatchObject({ outcome: "refused", code: "not_allowed" });
    await duty.settle();
    const clock = await duty.clockOf(RGPD);
    expect((clock?.due ?? 0) - (clock?.started ?? 0)).toBe(72 * MICROSECONDS.hour);
    expect(await duty.approve(RGPD)).toMatchObject({ outcome: "approved" });
    await sweep();
    expect(await duty.fileOf(RGPD)).toMatchObject({ state: "approved" });
    // The portal's filing met the clock of the health code only.
    expect((await duty.clockOf(RGPD))?.met).toBeNull();
  });

  it("the week: a request is answered by a complement", async () => {
    await pass(DAY);
    await exchange(1, { kind: "acknowledgement", informed: "ARS, HFDS, DGS" });
    await exchange(2, { kind: "analysis" });
    const due = stages.clock.now() + 5 * MICROSECONDS.day;
    expect(
      await exchange(3, { kind: "information_request", text: "Combien de dossiers ?", due }),
    ).toMatchObject({
      outcome: "recorded",
    });
    await pass(6 * DAY + 8 * 60);
    expect(stages.messages.map(({ event }) => event)).toContain("follow_up_due");
    const reminded = stages.messages.length;
    const leak = {
      kinds: ["data_disclosed" as const],
      systems: ["pacs"],
      text: "3 To sortis avant l'alerte.",
    };
    const source = { who: "provider" as const, name: "Analyste du pare-feu" };
    const stated = { form: stages.setup.newId(), ...leak, source };
    expect(await stages.desk.stateFacts(incident, stated, stages.delegate)).toMatchObject({
      outcome: "stated",
    });
    await approve();
    expect(await states(2)).toEqual({ concentrateur: "delivered" });
    const { deliveries, declarations } = await dossier();
    expect(declarations.map(({ kind, state }) => [kind, state])).toEqual([
      ["initial", "filed"],
      ["complement", "filed"],
    ]);
    expect(deliveries.find(({ version }) => version === 2)).toMatchObject({ reference: "GW-1" });
    const followUp = await stages.desk.followUp.of(incident);
    expect(followUp).toMatchObject({ acknowledged: { party: "CERT Santé" } });
    expect(stages.messages.length - reminded).toBeLessThan(20);
  });

  it("the second week: the CNIL is notified late, with its reason, and in two stages", async () => {
    const duty = dutyScene(stages, incident);
    expect(stages.clock.now()).toBeGreaterThan((await duty.clockOf(RGPD))?.due ?? 0);
    // The leak became known after the text was approved: the next version waits, and is late.
    expect(await duty.fileOf(RGPD)).toMatchObject({ state: "draft", version: 2 });
    expect(await duty.approve(RGPD)).toMatchObject({ outcome: "refused", code: "late_reason_missing" });
    const late = "L'ampleur de la fuite n'était pas connue avant l'analyse du pare-feu.";
    expect(await duty.write(RGPD, { late_reason: late })).toMatchObject({ outcome: "amended" });
    expect(await duty.approve(RGPD)).toMatchObject({ outcome: "approved" });
    expect(await duty.notify(RGPD)).toMatchObject({ outcome: "notified" });
    const told = await duty.fileOf(RGPD);
    expect([told.state, told.notified?.reference]).toEqual(["notified", "N-2026-1"]);
    expect(valueIn(told, "late_reason")?.value).toBe(late);
    expect((await duty.clockOf(RGPD))?.met).not.toBeNull();

    await pass(2 * DAY);
    expect(await duty.stages.desk.nextDuty({ incident, regime: RGPD }, DPO)).toMatchObject({
      outcome: "begun",
    });
    expect(await duty.approve(RGPD)).toMatchObject({ outcome: "approved" });
    expect(await duty.notify(RGPD, { reference: "N-2026-1-bis" })).toMatchObject({ outcome: "notified" });
    expect((await duty.filesOf(RGPD)).map(({ state }) => state)).toEqual([
      "replaced",
      "notified",
      "notified",
    ]);
  });

  it("the sixth week: the resolution is declared, and the dossier closed", async () => {
    await pass(30 * DAY);
    await endStates();
    const settled = await stages.desk.followUp.settlePurpose(
      { incident, kind: "resolution", reason: "Tous les services sont rétablis et vérifiés." },
      stages.delegate,
    );
    expect(settled.outcome).toBe("settled");
    expect((await dossier()).current?.declaration).toMatchObject({ kind: "resolution", state: "draft" });
    await approve();
    expect((await states(3)).concentrateur).toBe("delivered");
    expect((await dossier()).owesNotice).toBe(false);

    // The mail that nobody confirmed holds nothing up: the portal has had the same text since.
    expect((await states(1))["ars-courriel"]).toBe("uncertain");
    const closing = { incident, reason: "Rétabli, déclaré, résolution déposée." };
    expect(await stages.desk.closeByHand(closing, stages.delegate)).toEqual({ outcome: "closed" });
    expect((await dossier()).incident.state).toBe("closed");
  });

  it("the archive: the proof of all of it holds to the byte, offline", async () => {
    await stages.store.checkpoint(FACILITY);
    const bytes = await writeBundle({
      reads: stages.store.reads,
      facility: FACILITY,
      incident,
      created: stages.clock.now() as Instant,
      exercise: false,
      key: loadSigningKey(join(stages.directory, "key.pem")),
    });
    expect(verifyBundle(bytes).ok).toBe(true);
    let found = 0;
    for (let i = 0; i < 200; i++) {
      const changed = Buffer.from(bytes);
      const at = Math.floor((i * changed.length) / 200) + 3;
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      if (!verifyBundle(changed).ok) found++;
    }
    expect(found).toBe(200);
    // What left by mail stands in the bundle as it left.
    const { sent } =
      (await dossier()).deliveries.find(({ channel }) => channel === "ars-courriel")?.attempts[0] ?? {};
    expect(sent?.size).toBe(smtp.received[0]?.bytes.length);
  });
});
