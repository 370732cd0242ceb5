import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { changePerson } from "../support/web-people.ts";
import { type Scene, startScene } from "../support/web-server.ts";
import { type Visitor, visitor } from "../support/web-visitor.ts";

const PAGE = "/chv/connexion";
const BEGIN = "/chv/connexion/annuaire";
const CLIENT = { id: "tocsin", secret: "the secret of the client" };
const pair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const [own, other] = [pair(), pair()];
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A provider whose ID token a test makes. */
let server: Server;
let issuer: string;
let made: (claims: Record<string, unknown>) => string;
let nonce = "";
let scene: Scene;
let person: Visitor;

beforeAll(async () => {
  server = createServer((request, response) => {
    const json = (value: object) =>
      response.setHeader("content-type", "application/json").end(JSON.stringify(value));
    const path = new URL(request.url ?? "/", issuer).pathname;
    if (path === "/jwks")
      return json({ keys: [{ ...own.publicKey.export({ format: "jwk" }), kid: "k", use: "sig" }] });
    if (path === "/token") {
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        iss: issuer,
        aud: CLIENT.id,
        sub: "s-1",
        iat: now,
        exp: now + 60,
        nonce,
        email: "claire@ch.example",
      };
      return json({ access_token: "a", token_type: "Bearer", expires_in: 60, id_token: made(claims) });
    }
    return json({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      id_token_signing_alg_values_supported: ["RS256", "HS256", "none"],
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

beforeEach(async () => {
  scene = await startScene({
    access: {
      oidc: {
        label: "l'annuaire du CH",
        ...{ issuer, clientId: CLIENT.id, clientSecret: CLIENT.secret },
        clientAuthentication: "client_secret_basic",
        ...{ scope: "openid email", claim: "email", match: "email", dependsOn: [] },
      },
    },
  });
  await changePerson(scene, "claire", { email: "claire@ch.example" });
  person = visitor(scene);
});
afterEach(() => scene.close());

/** Goes to the provider and comes back with a code for the token that `make` makes. */
async function comeBack(make: typeof made): Promise<number> {
  made = make;
  const begun = await person.submit(PAGE, BEGIN, {});
  const url = new URL(begun.headers.get("refresh")?.replace(/^0; url=/, "") ?? "");
  nonce = url.searchParams.get("nonce") ?? "";
  const back = new URL(url.searchParams.get("redirect_uri") ?? "");
  const answer = new URLSearchParams({ code: "c", state: url.searchParams.get("state") ?? "" });
  return (await person.get(`${back.pathname}?${answer}`)).status;
}
const signedIn = async () => (await person.get("/chv/acces")).status === 200;

const signed = (claims: object, { key = own.privateKey as KeyObject, header = {} } = {}) => {
  const text = `${part({ alg: "RS256", kid: "k", ...header })}.${part(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
};
const maced = (claims: object, key: string) => {
  const text = `${part({ alg: "HS256", kid: "k" })}.${part(claims)}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
};

it("lets in whom a token of the provider names", async () => {
  expect(await comeBack((claims) => signed(claims))).toBe(303);
  expect(await signedIn()).toBe(true);
});

const hour = 3600;
it.each<[string, typeof made]>([
  ["signed by another key", (claims) => signed(claims, { key: other.privateKey })],
  [
    "signed by the key that it carries itself",
    (claims) => {
      const jwk = other.publicKey.export({ format: "jwk" });
      return signed(claims, { key: other.privateKey, header: { jwk, jku: "http://127.0.0.1:1/jwks" } });
    },
  ],
  ["that nobody signed", (claims) => `${part({ alg: "none" })}.${part(claims)}.`],
  ["that says none and carries a signature", (claims) => signed(claims, { header: { alg: "none" } })],
  [
    "whose MAC is made with the provider's public key",
    (claims) => maced(claims, String(own.publicKey.export({ type: "spki", format: "pem" }))),
  ],
  ["whose MAC is made with the secret of the client", (claims) => maced(claims, CLIENT.secret)],
  [
    "whose claims were changed",
    (claims) => {
      const [head, , tail] = signed({ ...claims, email: "dora@ch.example" }).split(".");
      return `${head}.${part(claims)}.${tail}`;
    },
  ],
  ["whose signature was cut", (claims) => signed(claims).slice(0, -4)],
  [
    "with an extension that must be understood",
    (claims) => signed(claims, { header: { crit: ["b64"], b64: true } }),
  ],
  ["for another client", (claims) => signed({ ...claims, aud: "other" })],
  [
    "for several, of whom another asked",
    (claims) => signed({ ...claims, aud: [CLIENT.id, "other"], azp: "other" }),
  ],
  ["of another issuer", (claims) => signed({ ...claims, iss: "https://other.example" })],
  ["that has ended", (claims) => signed({ ...claims, exp: Number(claims.exp) - hour })],
  ["without an end", (claims) => signed({ ...claims, exp: undefined })],
  ["of another sign-in", (claims) => signed({ ...claims, nonce: "another" })],
  ["of no sign-in", (claims) => signed({ ...claims, nonce: undefined })],
  ["that names nobody", (claims) => signed({ ...claims, sub: undefined })],
  ["whose address is no text", (claims) => signed({ ...claims, email: ["claire@ch.example"] })],
])("lets nobody in by a token %s", async (_what, make) => {
  expect([401, 503]).toContain(await comeBack(make));
  expect(await signedIn()).toBe(false);
});
