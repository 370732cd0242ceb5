import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openArs } from "../../../test/support/ars-mail.ts";
import { openssl } from "../../../test/support/authority.ts";
import { approvedIncident, type FilingDesk, filingDesk } from "../../../test/support/filing-scene.ts";
import { describePeer } from "../../../test/support/peer.ts";
import { openPortalScene } from "../../../test/support/portal-scene.ts";
import { answering, startFailingSmtp, startSmtp } from "../../../test/support/smtp-peer.ts";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { hiddenFields, type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { OpenOutbound } from "../transmit.ts";
import type { WayOut } from "../work.ts";

const WAYS: WayOut[] = [
  { id: "concentrateur", reach: "authority", guide: { to: "Concentrateur", steps: [] } },
  { id: "ars-courriel", reach: "authority", fallback: true, guide: { to: "ARS, par courriel", steps: [] } },
];
const HTML = "<!doctype html><html><title>Erreur</title><script>alert(1)</script>\u202egnp</html>";

describePeer(openssl, "what a receiver does, in the record and on the page", () => {
  let portals: ReturnType<typeof openPortalScene>;
  beforeAll(() => {
    portals = openPortalScene();
  });
  afterAll(() => portals.close());
  let scene: Scene;
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    await scene?.close();
    portals.rest();
    for (const close of closing.splice(0)) await close();
  });

  /** A text that was approved, its ways out as given, and the delegate on the pages. */
  async function approved(carriers: ReadonlyMap<string, OpenOutbound>) {
    let parts: FilingDesk | undefined;
    scene = await startScene({
      async desk({ store, clock }) {
        parts = await filingDesk({ store, clock, ways: WAYS, carriers });
        return parts.desk;
      },
    });
    if (parts === undefined) throw new Error("no desk");
    const incident = await approvedIncident(parts);
    const person = visitor(scene);
    await person.signIn("claire");
    const page = `/chv/incidents/${incident}/depot`;
    return { ...parts, incident, person, page };
  }
  type Filed = Awaited<ReturnType<typeof approved>>;
  const first = async ({ desk, incident }: Filed, channel = "concentrateur") =>
    (await desk.dossier(incident))?.deliveries.find((each) => each.channel === channel);
  const shown = async (person: Visitor, page: string) => (await person.get(page)).text;
  const byPortal = (url: string, settings: object = {}) =>
    new Map([["concentrateur", { ...portals.open(url, settings), repeatable: false }]]);

  it.each([
    ["a page of error under a success", 200, HTML, "uncertain", "par une page et non par un accusé"],
    ["a refusal", 422, HTML, "refused", "a refusé l&#39;envoi (réponse 422)"],
    ["an error", 500, HTML, "uncertain", "rien ne dit si l&#39;envoi a été pris"],
  ])("keeps %s (HTTP %i) to the byte and shows it as text", async (_, status, body, state, said) => {
    const { url } = await portals.portal((__, response) =>
      response.writeHead(status, { "content-type": "text/html" }).end(body),
    );
    const filed = await approved(byPortal(url));
    await filed.sweeper.sweep();
    const delivery = await first(filed);
    const kept = delivery?.attempts.at(-1)?.answer;
    expect(delivery?.state).toBe(state);
    expect(kept).toMatchObject({ type: "text/plain", sha256: sha256Hex(Buffer.from(body)) });
    const piece = await scene.store.reads.attachmentPiece("chv", kept?.sha256 ?? "", 0);
    expect(Buffer.from(piece ?? []).toString()).toBe(body);
    const page = await filed.person.get(filed.page);
    expect(page.text).toContain("Ce que le destinataire a répondu");
    expect(page.text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page.html).not.toContain("<script>alert(1)");
    expect(page.html).not.toContain("\u202e");
    expect(page.text.replaceAll("&#39;", "'")).toContain(said.replaceAll("&#39;", "'"));
    expect(page.text).toContain("PAS ENCORE DÉPOSÉ");
  });

  it.each<[string, (socket: { end(): void; destroy(): void }) => void, RegExp]>([
    ["closes after it has read the text", (socket) => socket.end(), /sans accusé de réception/],
    ["never answers", () => undefined, /pas de réponse entière en 1 s/],
  ])(
    "is uncertain of a portal that %s, says so, and does not send again by itself",
    async (_, serve, said) => {
      let calls = 0;
      const url = await portals.rawPortal((socket) => {
        calls++;
        serve(socket);
      });
      const filed = await approved(byPortal(url));
      await filed.sweeper.sweep();
      scene.clock.instant += 10 * MICROSECONDS.minute;
      await filed.sweeper.sweep();
      expect(calls).toBe(1);
      expect(await first(filed)).toMatchObject({ state: "uncertain", attempts: [{ outcome: "uncertain" }] });
      const text = await shown(filed.person, filed.page);
      expect(text).toContain("Sans confirmation, à vérifier");
      expect(text).toMatch(said);
      expect(text).toContain("Il n’est jamais arrivé");
    },
  );

  it("names where a portal sends elsewhere, and goes there with nothing", async () => {
    const elsewhere = await portals.portal((_, response) => response.end('{"id":"X"}'));
    const { url } = await portals.portal((_, response) =>
      response.writeHead(307, { location: `${elsewhere.url}/x` }).end(),
    );
    const filed = await approved(byPortal(url));
    await filed.sweeper.sweep();
    expect((await first(filed))?.state).toBe("refused");
    expect(elsewhere.asked).toEqual([]);
    expect(await shown(filed.person, filed.page)).toContain(`« ${new URL(elsewhere.url).host} »`);
  });

  it("sends nothing to a portal with a bad certificate, says why and tries again", async () => {
    const bad = portals.authority.issue("other", { dns: ["portail.example"] });
    const { url, asked } = await portals.portal((_, response) => response.end(), portals.pem(bad));
    const filed = await approved(byPortal(url));
    await filed.sweeper.sweep();
    expect(asked).toEqual([]);
    expect(await first(filed)).toMatchObject({ state: "planned", attempts: [{ outcome: "unreachable" }] });
    expect(await shown(filed.person, filed.page)).toContain("est celui d&#39;un autre serveur");
  });

  describe("asked to wait", () => {
    it.each([
      ["a time", "600", 10],
      ["longer than is granted", "86400", 60],
    ])("%s, is tried again no sooner, and within the hour", async (_, wait, minutes) => {
      const { url, asked } = await portals.portal((__, response) =>
        asked.length === 1
          ? response.writeHead(503, { "retry-after": wait }).end()
          : response.writeHead(201).end('{"id":"GW-1"}'),
      );
      const filed = await approved(byPortal(url));
      await filed.sweeper.sweep();
      expect(await shown(filed.person, filed.page)).toContain(`pas avant ${wait} s`);
      const begun = scene.clock.instant;
      scene.clock.instant = begun + minutes * MICROSECONDS.minute - 2 * MICROSECONDS.minute;
      await filed.sweeper.sweep();
      expect(asked).toHaveLength(1);
      scene.clock.instant = begun + minutes * MICROSECONDS.minute;
      await filed.sweeper.sweep();
      expect(asked).toHaveLength(2);
      expect((await first(filed))?.state).toBe("delivered");
    });
  });

  describe("by mail", () => {
    async function mailed(port: number): Promise<Filed> {
      const carriers = new Map<string, OpenOutbound>([
        [
          "concentrateur",
          { repeatable: false, send: async () => ({ outcome: "refused", because: "HTTP 422" }) },
        ],
        ["ars-courriel", { ...openArs(port), repeatable: false, handsOn: true }],
      ]);
      const filed = await approved(carriers);
      await filed.sweeper.sweep();
      const { incident, desk } = filed;
      const claire = { id: "acc-claire", name: "Dr claire", role: "delegate", active: true } as const;
      const tried = "Portail et 4G essayés : page injoignable.";
      await desk.recordImpossibility({ incident, since: scene.clock.now(), tried }, claire);
      await desk.startDelivery({ incident, channel: "ars-courriel" }, claire);
      await filed.sweeper.sweep();
      return filed;
    }

    it("a bounce that comes later is recorded by a person, and the declaration counts as refused", async () => {
      const smtp = await startSmtp();
      closing.push(smtp.close);
      const filed = await mailed(smtp.port);
      const before = await first(filed, "ars-courriel");
      expect(before?.state).toBe("uncertain");
      expect(await shown(filed.person, filed.page)).toContain("réception par l&#39;ARS non prouvée");
      const reason = "Message de non-remise de 04:12 : 550 5.1.1 utilisateur inconnu.";
      const form = hiddenFields(await shown(filed.person, filed.page), `${filed.page}/renvoyer`);
      const done = await filed.person.post(`${filed.page}/perdu`, {
        ...{ ...form, delivery: before?.id ?? "", reason },
      });
      expect(done.status).toBe(303);
      const after = await first(filed, "ars-courriel");
      expect(after).toMatchObject({ state: "refused" });
      expect(after?.attempts.at(-1)?.because).toContain(reason);
      const text = await shown(filed.person, filed.page);
      expect(text).toContain("550 5.1.1 utilisateur inconnu");
      expect(text).toContain("PAS ENCORE DÉPOSÉ");
      expect(smtp.received).toHaveLength(1);
    });

    it.each([
      ["greylists", answering("onRcptTo", 450), "450"],
      ["is full", answering("onData", 452), "452"],
    ])("a relay that %s has nothing yet: it is tried again and said", async (_, options, code) => {
      const smtp = await startSmtp(options);
      closing.push(smtp.close);
      const filed = await mailed(smtp.port);
      expect(await first(filed, "ars-courriel")).toMatchObject({
        state: "planned",
        attempts: [{ outcome: "unreachable" }],
      });
      const text = await shown(filed.person, filed.page);
      expect(text).toContain("Pas pris par le serveur de messagerie");
      expect(text).toContain(code);
    });

    it("a relay that hangs up once it has the text leaves it uncertain", async () => {
      const smtp = await startFailingSmtp({ at: ".", how: "hang up" });
      closing.push(smtp.close);
      const filed = await mailed(smtp.port);
      expect((await first(filed, "ars-courriel"))?.state).toBe("uncertain");
      expect(await shown(filed.person, filed.page)).toContain("il a pu partir");
    });
  });
});
