import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openssl } from "../../../test/support/authority.ts";
import { FILING } from "../../../test/support/filing.ts";
import { describePeer } from "../../../test/support/peer.ts";
import { openPortalScene } from "../../../test/support/portal-scene.ts";

// Certificates of the scene are as old as the run of the test.
const CONTEXT = { now: Date.now() * 1000, signal: new AbortController().signal };

describePeer(openssl, "a portal over TLS", () => {
  let scene: ReturnType<typeof openPortalScene>;
  beforeAll(() => {
    scene = openPortalScene();
  });
  afterEach(() => scene.rest());
  afterAll(() => scene.close());

  it("is known by its certificate alone", async () => {
    const { url } = await scene.portal((_, response) => response.end('{"id":"M-1"}'), scene.mutual());
    const tls = { authority: { file: "a" }, certificate: { file: "c" }, key: { file: "k" } };
    const channel = scene.open(url, { tls, authentication: { by: "mtls" } });
    expect(await channel.send(FILING, CONTEXT)).toMatchObject({ outcome: "delivered", reference: "M-1" });
    expect(await channel.probe(CONTEXT)).toEqual({
      reachable: true,
      because: expect.stringMatching(/^Le portail répond \(réponse 200\)\. Notre certificat expire le /),
    });
    const later = { ...CONTEXT, now: CONTEXT.now + 3600e6 * 24 * 3650 };
    expect(await channel.probe(later)).toEqual({
      reachable: false,
      because: expect.stringContaining("Notre certificat a expiré le "),
    });
  });

  it("is known to the server of tokens by its certificate too, in place of a secret", async () => {
    const { url, asked } = await scene.portal(
      ({ path }, response) => response.end(path === "/token" ? '{"access_token":"t1"}' : '{"id":"M-2"}'),
      scene.mutual(),
    );
    const channel = scene.open(url, {
      tls: { authority: { file: "a" }, certificate: { file: "c" }, key: { file: "k" } },
      authentication: {
        by: "oauth2",
        token_url: `${url}/token`,
        client_id: "ch-x",
        client_authentication: "mtls",
      },
    });
    expect(await channel.send(FILING, CONTEXT)).toMatchObject({ outcome: "delivered", reference: "M-2" });
    expect(asked).toMatchObject([
      { path: "/token", body: "grant_type=client_credentials&client_id=ch-x" },
      { path: "/declarations", headers: { authorization: "Bearer t1" } },
    ]);
  });

  const states = {
    state: "/etat",
    states: { delivered: ["RECU"], refused: ["REJETE"], uncertain: ["EN_COURS"] },
  };

  it("is sent nothing once our certificate has expired, and the way says so", async () => {
    const { url, asked } = await scene.portal((_, response) => response.end('{"id":1}'), scene.mutual());
    const tls = { authority: { file: "a" }, certificate: { file: "c" }, key: { file: "k" } };
    const way = scene.open(url, { tls, authentication: { by: "mtls" } });
    const later = { ...CONTEXT, now: (Date.now() + 10 * 86_400_000) * 1000 };
    const because = expect.stringMatching(/Notre certificat a expiré le/);
    expect(await way.send(FILING, later)).toEqual({ outcome: "refused", because });
    expect(await way.probe?.(later)).toEqual({ reachable: false, because });
    expect(asked).toEqual([]);
  });

  describe("asks what became of a filing", () => {
    const status = {
      url: "https://localhost/",
      receipt: { reference: "/numero", ...states, state: "/etat" },
      never_received: { statuses: [404], states: ["INCONNU"] },
    };
    it.each<[string, number, string, string, RegExp]>([
      ["received", 200, '{"numero":"A-9","etat":"RECU"}', "delivered", /n° A-9/],
      ["turned down", 200, '{"etat":"REJETE"}', "refused", /REJETE/],
      ["waiting", 200, '{"etat":"EN_COURS"}', "uncertain", /EN_COURS/],
      ["never heard of", 404, "{}", "unreachable", /jamais reçu cet envoi/],
      ["never heard of, in words", 200, '{"etat":"INCONNU"}', "unreachable", /jamais reçu/],
      ["not for us to know", 403, "{}", "uncertain", /ne dit rien de cet envoi/],
      ["a question too many", 429, "", "uncertain", /ne dit rien/],
      ["a page", 200, "<html>", "uncertain", /par une page/],
      ["an error", 500, "", "uncertain", /ne dit rien/],
      ["elsewhere", 302, "", "uncertain", /réponse 302/],
    ])("that was %s", async (_, code, body, outcome, because) => {
      const { url, asked } = await scene.portal((__, response) => response.writeHead(code).end(body));
      const channel = scene.open(url, { status: { ...status, url: `${url}/suivi/{key}?v={version}` } });
      const attempt = await channel.ask?.(FILING, CONTEXT);
      expect(attempt).toMatchObject({ outcome, because: expect.stringMatching(because) });
      expect(asked).toMatchObject([
        { method: "GET", path: "/suivi/deliver%3Ach-x%3Asortie%3Adeclaration-1%2F1?v=1", body: "" },
      ]);
    });

    it("knows nothing while nobody answers, and cannot ask where no address is given", async () => {
      const mute = await scene.rawPortal((socket) => socket.destroy());
      const channel = scene.open(mute, { status: { ...status, url: `${mute}/{key}` } });
      expect(await channel.ask?.(FILING, CONTEXT)).toMatchObject({
        outcome: "uncertain",
        because: expect.stringContaining("n'a pas pu être interrogé"),
      });
      expect(scene.open(mute)).not.toHaveProperty("ask");
    });
  });

  describe("looks whether the portal can be reached", () => {
    it.each([
      [200, true, /répond/],
      [404, true, /répond/],
      [405, true, /répond/],
      [401, false, /refuse nos identifiants/],
      [302, false, /renvoie ailleurs/],
      [503, false, /est en panne/],
    ])("by an answer %i", async (status, reachable, because) => {
      const { url, asked } = await scene.portal((_, response) => response.writeHead(status).end());
      const seen = await scene.open(url).probe(CONTEXT);
      expect(seen).toEqual({ reachable, because: expect.stringMatching(because) });
      expect(asked).toMatchObject([{ method: "HEAD", body: "" }]);
    });

    it("and says why not", async () => {
      const { url } = await scene.portal(
        (_, response) => response.end(),
        scene.pem(scene.authority.issue("late", { dns: ["localhost"], days: -1 })),
      );
      expect(await scene.open(url).probe(CONTEXT)).toEqual({
        reachable: false,
        because: expect.stringContaining("a expiré"),
      });
    });
  });
});
