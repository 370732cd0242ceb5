import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { TLSSocket } from "node:tls";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openssl } from "../../../test/support/authority.ts";
import { FILING } from "../../../test/support/filing.ts";
import { describePeer } from "../../../test/support/peer.ts";
import { openPortalScene, PORTAL_SECRET } from "../../../test/support/portal-scene.ts";
import { portalHttp } from "./index.ts";

const CONTEXT = { now: Date.UTC(2026, 10, 22, 3, 0) * 1000, signal: new AbortController().signal };
const RECEIPT = { reference: "/id" };

describePeer(openssl, "a filing sent over TLS", () => {
  let scene: ReturnType<typeof openPortalScene>;
  beforeAll(() => {
    scene = openPortalScene();
  });
  afterEach(() => scene.rest());
  afterAll(() => scene.close());

  it("sends the approved bytes as they are, under the filing's key, and keeps the receipt to the byte", async () => {
    const receipt = '{ "id": "ARS-2026-17",\n "at": "2026-11-22T04:00:00+01:00" }';
    const { url, asked } = await scene.portal((_, response) => {
      const headers = {
        "content-type": "application/json; charset=utf-8",
        "content-disposition": 'x; filename="../a"',
      };
      response.writeHead(201, headers).end(receipt);
    });
    const attempt = await scene.open(url, { receipt: { ...RECEIPT, date: "/at" } }).send(FILING, CONTEXT);
    expect(attempt).toEqual({
      outcome: "delivered",
      reference: "ARS-2026-17",
      because:
        "Le portail a accusé réception, n° ARS-2026-17 (réponse 201), daté par lui « 2026-11-22T04:00:00+01:00 ».",
      sent: { name: "2026-0001-initial-v1.json", type: "application/json", bytes: FILING.bytes },
      receipt: {
        name: "accuse-2026-0001-initial-v1.json",
        type: "application/json",
        bytes: Buffer.from(receipt),
      },
    });
    expect(asked).toEqual([
      expect.objectContaining({
        method: "POST",
        path: "/declarations",
        body: Buffer.from(FILING.bytes).toString("utf8"),
        headers: expect.objectContaining({
          "idempotency-key": FILING.key,
          "content-type": "application/json",
          "x-api-key": PORTAL_SECRET,
        }),
      }),
    ]);
  });

  it("sends the receiver's own JSON, and keeps those bytes as what was sent", async () => {
    const { url, asked } = await scene.portal((_, response) => response.end('{"id":7}'));
    const body = { json: { source: "tocsin", texte: { $path: "/text" }, empreinte: { $filing: "sha256" } } };
    const attempt = await scene.open(url, { body, method: "PUT" }).send(FILING, CONTEXT);
    const expected = `{"source":"tocsin","texte":"DÉCLARATION","empreinte":"${"ab".repeat(32)}"}`;
    expect(attempt).toMatchObject({ outcome: "delivered", reference: "7" });
    expect(String(attempt.sent?.bytes)).toBe(expected);
    expect(asked).toMatchObject([{ method: "PUT", body: expected }]);
  });

  it("sends nothing when the text does not fill the receiver's JSON", async () => {
    const { url, asked } = await scene.portal((_, response) => response.end('{"id":7}'));
    const attempt = await scene.open(url, { body: { json: { $field: "cause" } } }).send(FILING, CONTEXT);
    expect(attempt).toEqual({
      outcome: "refused",
      because:
        "Rien n'est parti, le texte ne remplit pas ce qu'attend Le portail : le champ « cause » est absent de ce texte.",
    });
    expect(asked).toEqual([]);
  });

  it.each([
    ["an exercise", { exercise: true }, "EXERCICE : rien n'est envoyé à une autorité."],
    [
      "what was set aside",
      { declaration: { ...FILING.declaration, kind: "set_aside" as const } },
      "Une non-déclaration motivée reste au dossier : elle ne s'envoie pas.",
    ],
    ["a request for help", { kind: "help" as const }, "Une demande d'aide ne part pas par ce canal."],
  ])("sends nothing of %s", async (_, filing, because) => {
    const { url, asked } = await scene.portal((__, response) => response.end('{"id":7}'));
    expect(await scene.open(url).send({ ...FILING, ...filing }, CONTEXT)).toEqual({
      outcome: "refused",
      because,
    });
    expect(asked).toEqual([]);
  });

  const html = "<!doctype html><html><head><title>Service\n indisponible</title></head></html>";
  const states = {
    state: "/etat",
    states: { delivered: ["RECU"], refused: ["REJETE"], uncertain: ["EN_COURS"] },
  };
  it.each<[string, number, string, object, string, RegExp]>([
    [
      "a page of error",
      200,
      html,
      {},
      "uncertain",
      /par une page et non par un accusé.* : « Service indisponible »/,
    ],
    ["a page without a title", 200, "<html>oops</html>", {}, "uncertain", /par une page/],
    ["an empty answer", 200, "", {}, "uncertain", /sans rien dire/],
    ["no content", 204, "", {}, "uncertain", /sans rien dire/],
    ["JSON without a reference", 200, '{"ok":true}', {}, "uncertain", /sans référence/],
    ["a reference that is null", 200, '{"id":null}', {}, "uncertain", /sans référence/],
    ["a reference that is blank", 200, '{"id":" \\u200b "}', {}, "uncertain", /sans référence/],
    ["a reference that is no text", 200, '{"id":{"a":1}}', {}, "uncertain", /sans référence/],
    [
      "a reference without an end",
      200,
      `{"id":"${"9".repeat(300)}"}`,
      {},
      "uncertain",
      /plus de 200 caractères/,
    ],
    ["JSON that is cut", 200, '{"id":"A-1"', {}, "uncertain", /par une page/],
    ["a list", 200, "[]", {}, "uncertain", /sans référence/],
    [
      "a state that refuses",
      200,
      '{"id":"A-1","etat":"REJETE","message":"FINESS inconnu"}',
      states,
      "refused",
      /« REJETE » : « FINESS inconnu »/,
    ],
    ["a state that waits", 200, '{"id":"A-1","etat":"EN_COURS"}', states, "uncertain", /« EN_COURS »/],
    ["a state nobody told of", 200, '{"id":"A-1","etat":"recu"}', states, "uncertain", /« recu »/],
    ["no state", 200, '{"id":"A-1"}', states, "uncertain", /sans état/],
    ["the right state", 200, '{"id":"A-1","etat":"RECU"}', states, "delivered", /n° A-1/],
    ["the right state without a reference", 200, '{"etat":"RECU"}', states, "uncertain", /sans référence/],
    [
      "202 that the settings doubt",
      202,
      '{"id":"A-1"}',
      { statuses: { uncertain: [202] } },
      "uncertain",
      /réponse 202/,
    ],
    [
      "a bad request",
      400,
      '{"detail":"champ\\u202e\\nmanquant"}',
      {},
      "refused",
      /a refusé l'envoi \(réponse 400\) : « champ manquant »/,
    ],
    ["a stranger", 401, "{}", {}, "refused", /refuse nos identifiants/],
    [
      "no right",
      403,
      html,
      {},
      "refused",
      /nous interdit cet envoi \(réponse 403\) : « Service indisponible »/,
    ],
    ["a wrong address", 404, "nothing here", {}, "refused", /« nothing here »/],
    ["a content it cannot take", 422, '{"title":"Unprocessable"}', {}, "refused", /« Unprocessable »/],
    ["words without an end", 400, JSON.stringify({ detail: "x".repeat(5000) }), {}, "refused", /« x{199}… »/],
    [
      "a repeat that it names",
      409,
      '{"id":"A-1"}',
      {},
      "delivered",
      /n° A-1 \(réponse 409, déjà reçu auparavant\)/,
    ],
    ["a repeat that it does not name", 409, "{}", {}, "uncertain", /connaît déjà cet envoi/],
    ["a conflict that is a refusal", 409, "{}", { statuses: { refused: [409] } }, "refused", /réponse 409/],
    [
      "a request that came too slowly",
      408,
      "",
      {},
      "unreachable",
      /n'a pas reçu l'envoi à temps \(réponse 408, pas avant 120 s\)/,
    ],
    ["a request that came too early", 425, "", {}, "unreachable", /réponse 425/],
    ["too many requests", 429, "", {}, "unreachable", /pas avant 120 s/],
    [
      "a closed service",
      503,
      html,
      {},
      "unreachable",
      /est en panne \(réponse 503, pas avant 120 s\) et n'a pas pris l'envoi : « Service indisponible »/,
    ],
    ["an error", 500, html, {}, "uncertain", /rien ne dit si l'envoi a été pris/],
    ["a gateway without its server", 502, html, {}, "uncertain", /réponse 502/],
    ["a gateway that waited too long", 504, "", {}, "uncertain", /réponse 504/],
    ["what it never learned", 501, "", {}, "refused", /réponse 501/],
  ])("takes %s (réponse %i) for what it is", async (_, status, body, receipt, outcome, because) => {
    const { url, asked } = await scene.portal((__, response) =>
      response.writeHead(status, { "retry-after": "120" }).end(body),
    );
    const attempt = await scene.open(url, { receipt: { ...RECEIPT, ...receipt } }).send(FILING, CONTEXT);
    expect(attempt).toMatchObject({ outcome, because: expect.stringMatching(because) });
    expect(attempt.sent?.bytes).toEqual(FILING.bytes);
    expect(asked).toHaveLength(1);
  });

  it.each([
    [302, "https://elsewhere.example/login", "refused", "vers « elsewhere.example »"],
    [307, "/autre", "refused", "vers « /autre »"],
    [308, undefined, "refused", "ailleurs, sans dire où"],
    [303, "https://elsewhere.example/", "uncertain", "vers « elsewhere.example »"],
  ])("follows no redirect %i, and names where it leads", async (status, location, outcome, named) => {
    const { url, asked } = await scene.portal((_, response) =>
      response.writeHead(status, location === undefined ? {} : { location }).end(),
    );
    const attempt = await scene.open(url).send(FILING, CONTEXT);
    expect(attempt).toMatchObject({
      outcome,
      because: expect.stringContaining(`renvoie ${named} (réponse ${status})`),
    });
    expect(asked).toHaveLength(1);
  });

  const json = (body: string) =>
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  it.each<[string, (socket: TLSSocket) => void, RegExp]>([
    ["closes once it has read it", (socket) => socket.end(), /sans accusé de réception : .*coupée/],
    ["breaks the line", (socket) => socket.destroy(), /sans accusé de réception/],
    ["says nothing for as long as it can", () => undefined, /pas de réponse entière en 1 s/],
    ["answers in part", (socket) => socket.end(json('{"id":"A-1"}').slice(0, -3)), /n'a pas pu être lue/],
    [
      "answers without an end",
      (socket) => socket.write(json(`{"id":"A-1","x":"${"x".repeat(300_000)}"}`)),
      /plus de 262144 octets/,
    ],
    [
      "answers what was never packed",
      (socket) =>
        socket.write(json('{"id":"A-1"}').replace("\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n")),
      /mal compressée/,
    ],
    ["speaks another protocol", (socket) => socket.end("220 smtp.example ESMTP\r\n"), /n'est pas du HTTP/],
  ])("is uncertain when the portal %s", async (_, serve, because) => {
    const attempt = await scene.open(await scene.rawPortal(serve)).send(FILING, CONTEXT);
    expect(attempt).toMatchObject({ outcome: "uncertain", because: expect.stringMatching(because) });
    expect(attempt.sent?.bytes).toEqual(FILING.bytes);
  });

  describe("sends nothing", () => {
    const nothingLeft = async (url: string, because: RegExp, settings: object = {}) => {
      const attempt = await scene.open(url, settings).send(FILING, CONTEXT);
      expect(attempt).toEqual({
        outcome: "unreachable",
        because: expect.stringMatching(/^Rien n'est parti : /),
      });
      expect(attempt.because).toMatch(because);
    };

    it.each([
      ["has expired", { dns: ["localhost"], days: -1 }, /a expiré/],
      ["is another host's", { dns: ["portail.example"] }, /celui d'un autre serveur/],
    ])("to a portal whose certificate %s", async (name, options, because) => {
      const { url, asked } = await scene.portal(
        (_, response) => response.end('{"id":1}'),
        scene.pem(scene.authority.issue(name.replaceAll(" ", "-").replace("'", ""), options)),
      );
      await nothingLeft(url, because);
      expect(asked).toEqual([]);
    });

    it("to a portal that nobody known vouches for", async () => {
      const stranger = scene.strangers("stranger").issue("portal", { dns: ["localhost"] });
      const { url, asked } = await scene.portal(
        (_, response) => response.end('{"id":1}'),
        scene.pem(stranger),
      );
      await nothingLeft(url, /signé par aucune autorité connue/);
      expect(asked).toEqual([]);
    });

    it("to a private address that the settings do not open", async () => {
      const { url, asked } = await scene.portal((_, response) => response.end('{"id":1}'));
      expect(await scene.open(url, { private_networks: [] }).send(FILING, CONTEXT)).toEqual({
        outcome: "refused",
        because: expect.stringMatching(
          /^Rien n'est parti, cette sortie n'est pas permise : .*qui n'est pas publique/,
        ),
      });
      expect(asked).toEqual([]);
    });

    it("to a name that does not exist", () =>
      nothingLeft("https://portail.invalid", /DNS|réseau|connexion en 1 s/));

    it("to a portal that closes before TLS stands", async () => {
      const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
      await once(server, "listening");
      scene.closeLater(() => server.close());
      await nothingLeft(`https://localhost:${(server.address() as AddressInfo).port}`, /coupée/);
    });

    it("to a portal that turns our certificate away", async () => {
      const { url, asked } = await scene.portal((_, response) => response.end('{"id":1}'), {
        ...scene.mutual(),
        ca: scene.strangers("others").ca,
        maxVersion: "TLSv1.2",
      });
      const tls = { authority: { file: "a" }, certificate: { file: "c" }, key: { file: "k" } };
      await nothingLeft(url, /coupée|certificat/, { tls, authentication: { by: "mtls" } });
      expect(asked).toEqual([]);
    });
  });

  it("quotes no secret, and keeps no receipt that repeats one", async () => {
    const echo = await scene.portal((asked, response) =>
      response.writeHead(400).end(JSON.stringify({ detail: `bad key ${asked.headers["x-api-key"]}` })),
    );
    const refused = await scene.open(echo.url).send(FILING, CONTEXT);
    expect(refused.because).toContain("« bad key [secret] »");
    const generous = await scene.portal((asked, response) =>
      response.end(JSON.stringify({ id: "A-1", seen: asked.headers })),
    );
    const channel = scene.open(generous.url);
    const delivered = await channel.send(FILING, CONTEXT);
    expect(delivered).toMatchObject({ outcome: "delivered", reference: "A-1" });
    expect(delivered).not.toHaveProperty("receipt");
    expect(inspect([portalHttp, channel, refused, delivered], { depth: 10 })).not.toContain(PORTAL_SECRET);
  });

  it("stops with the program, and says that it may have left", async () => {
    const stopping = new AbortController();
    const { url } = await scene.portal(() => stopping.abort());
    const attempt = await scene.open(url).send(FILING, { ...CONTEXT, signal: stopping.signal });
    expect(attempt).toMatchObject({
      outcome: "uncertain",
      because: expect.stringContaining("arrêt du programme"),
    });
  });
});

describe("portal-http", () => {
  const least = {
    url: "https://portail.example:8443/x",
    authentication: { by: "bearer", token: { env: "T" } },
  };
  it("says whom it reaches, by the name that the settings give or by the host", () => {
    const guided = (settings: object) => portalHttp.guide(portalHttp.config.parse({ ...least, ...settings }));
    expect(guided({}).to).toBe("Portail portail.example:8443");
    expect(guided({ to: "Concentrateur du GHT" }).to).toBe("Concentrateur du GHT");
  });

  it("may be repeated only where the settings say that the receiver knows a repeat", () => {
    const opened = (idempotency: object) =>
      portalHttp.open(portalHttp.config.parse({ ...least, idempotency }), () => "secret");
    expect(opened({}).repeatable).toBe(false);
    expect(opened({ recognised: true }).repeatable).toBe(true);
  });
});
