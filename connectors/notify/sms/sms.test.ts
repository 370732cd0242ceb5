import type { ServerResponse } from "node:http";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { type Asked, gatewayServer } from "../../../test/support/gateway-server.ts";
import { AT, aMessage, HOSTILE } from "../../../test/support/messages.ts";
import type { Message } from "../../contract.ts";
import { sms } from "./index.ts";

const SECRET = "the gateway's key, 100% secret";
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function server(answer?: (asked: Asked, response: ServerResponse) => void) {
  const opened = await gatewayServer(answer);
  closing.push(opened.close);
  return opened;
}

const BODY = '{"to":"{{to}}","text":"{{text}}","key":"{{key}}"}';
const send = (settings: object, message: Message = aMessage(), phone = "06 12 34 56 78") =>
  sms
    .open(sms.config.parse(settings), () => SECRET)
    .send(message, {
      now: AT,
      signal: AbortSignal.timeout(20_000),
      to: { name: "Paul Durand", email: "", phone },
    });

describe("what is sent", () => {
  it("is the template filled: number, text with the link and the mark, headers with the secret", async () => {
    const { url, asked } = await server();
    const settings = {
      url: `${url}/send`,
      headers: { "X-Api-Key": "{{secret}}" },
      secret: { env: "S" },
      body: BODY,
      country_code: "33",
    };
    expect(await send(settings)).toEqual({
      outcome: "delivered",
      because: expect.stringMatching(
        /^le service a pris l'envoi \(réponse 200\), n° …78, réf\. [0-9A-F]{6}$/,
      ),
    });
    const [{ method, path, headers, body } = asked[0] as Asked] = asked;
    expect({ method, path, type: headers["content-type"], key: headers["x-api-key"] }).toEqual({
      method: "POST",
      path: "/send",
      type: "application/json",
      key: SECRET,
    });
    const { to, text, key } = JSON.parse(body);
    expect({ to, key }).toEqual({ to: "+33612345678", key: aMessage().key });
    expect(text).toMatch(
      /^EXERCICE : incident 2026-0001 ouvert\. CH X\. .* https:\/\/\S+ \(réf\. [0-9A-F]{6}\)$/,
    );
    expect(text.length).toBeLessThanOrEqual(320);
  });

  it("keeps the link whole when the text is cut", async () => {
    const { url, asked } = await server();
    await send({ url, body: BODY, characters: 160 }, aMessage({ text: "long ".repeat(500) }));
    const { text } = JSON.parse(asked[0]?.body ?? "");
    expect([...text].length).toBeLessThanOrEqual(160);
    expect(text).toContain(aMessage().link);
  });

  it("is by GET, in the address, where the gateway wants that", async () => {
    const { url, asked } = await server();
    await send({ url: `${url}/s?n={{to}}&m={{text}}`, method: "GET" }, aMessage({ text: "a&n=1 #x" }));
    const query = new URL(asked[0]?.path ?? "", url).searchParams;
    expect(query.getAll("n")).toEqual(["0612345678"]);
    expect(query.get("m")).toContain("a&n=1 #x");
  });

  it.each(HOSTILE)("stays one value whatever is planted: %j", async (planted) => {
    const { url, asked } = await server();
    const message = aMessage({ subject: planted, text: planted });
    await send({ url, body: BODY, headers: { "X-Text": "{{text}}" } }, message);
    await send(
      { url: `${url}/?to={{to}}&text={{text}}`, body: "to={{to}}&text={{text}}", body_escape: "form" },
      message,
    );
    await send({ url, body: "<m><to>{{to}}</to><text>{{text}}</text></m>", body_escape: "xml" }, message);
    expect(asked).toHaveLength(3);
    const [json, form, xml] = asked;
    expect(Object.keys(JSON.parse(json?.body ?? ""))).toEqual(["to", "text", "key"]);
    expect(JSON.parse(json?.body ?? "").to).toBe("0612345678");
    expect(Object.keys(json?.headers ?? {}).filter((name) => name === "bcc" || name === "x")).toEqual([]);
    expect([...new URLSearchParams(form?.body).keys()]).toEqual(["to", "text"]);
    expect(new URL(form?.path ?? "", url).searchParams.getAll("to")).toEqual(["0612345678"]);
    expect(xml?.body.match(/<to>/g)).toHaveLength(1);
    expect(JSON.stringify(asked)).not.toContain(SECRET);
  });

  it("reaches every fixed number, and is delivered when one was", async () => {
    const { url, asked } = await server(({ body }, response) => {
      response.statusCode = body.includes("+33600000001") ? 500 : 200;
      response.end();
    });
    const sent = await send({ url, body: BODY, to: ["+33600000001", "+33600000002"] });
    expect(sent.outcome).toBe("delivered");
    expect(asked).toHaveLength(2);
  });

  it.each(["", "call me", "12", "+33 6 12 34 56 78 90 12 34 56"])(
    "is refused for the number %j",
    async (phone) => {
      expect(await send({ url: "http://127.0.0.1:1", body: BODY }, aMessage(), phone)).toEqual({
        outcome: "refused",
        because: "Paul Durand : aucun numéro valable",
      });
    },
  );
});

describe("what an answer says", () => {
  const accepted = { status: [202], contains: "queued", lacks: "credit" };
  it.each([
    [200, "OK", undefined, "delivered", "a pris l'envoi"],
    [404, "", undefined, "refused", "ne trouve rien à cette adresse"],
    [429, "", undefined, "unreachable", "reçoit trop d'appels"],
    [503, "", undefined, "unreachable", "est en panne"],
    [302, "", undefined, "refused", "renvoie à une autre adresse"],
    [202, "queued", accepted, "delivered", "a pris l'envoi"],
    [200, "queued", accepted, "refused", "n'a pas confirmé l'envoi (réponse 200)"],
    [202, "error", accepted, "refused", "il répond sans « queued » (réponse 202)"],
    [202, "queued, no credit", accepted, "refused", "il répond « credit »"],
    [500, "queued", accepted, "unreachable", "est en panne"],
  ])("HTTP %i %j, taken as %j, is %s", async (status, body, taken, outcome, said) => {
    const { url } = await server((_, response) => {
      response.writeHead(status, { location: "http://127.0.0.1:1/" });
      response.end(body);
    });
    const sent = await send({ url, body: BODY, ...(taken && { accepted: taken }) });
    expect(sent).toMatchObject({ outcome, because: expect.stringContaining(said) });
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    ["never answers", () => undefined, "uncertain"],
    ["hangs up", (response) => response.destroy(), "uncertain"],
    [
      "drips",
      (response) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write("x");
      },
      "uncertain",
    ],
    ["answers without end", (response) => void response.end("x".repeat(10_000_000)), "uncertain"],
  ])("a gateway that %s leaves it %s", async (_, react, outcome) => {
    const { url } = await server((_asked, response) => react(response));
    expect((await send({ url, body: BODY, timeout_seconds: 1 })).outcome).toBe(outcome);
  });

  it("is unreachable where nobody listens", async () => {
    expect(await send({ url: "http://127.0.0.1:1/", body: BODY })).toEqual({
      outcome: "unreachable",
      because: "127.0.0.1:1 : la connexion est refusée (ECONNREFUSED)",
    });
  });
});

it("leaks no secret", async () => {
  const { url } = await server((_, response) => response.writeHead(403).end());
  const settings = { url, headers: { authorization: "Bearer {{secret}}" }, secret: { env: "S" } };
  const opened = sms.open(sms.config.parse(settings), () => SECRET);
  expect(inspect([sms, opened, await send(settings)], { depth: 10 })).not.toContain(SECRET);
});

it.each([
  [{ repeatable: true, body: BODY }, true],
  [{ body: BODY }, false],
])("may be repeated as the settings say: %j", (more, repeatable) => {
  expect(sms.open(sms.config.parse({ url: "https://g.example/", ...more }), () => "").repeatable).toBe(
    repeatable,
  );
});

it.each([
  [{}],
  [{ url: "ftp://x" }],
  [{ url: "https://{{to}}/" }],
  [{ url: "https://x/{{nobody}}" }],
  [{ url: "https://x", method: "GET", body: "x" }],
  [{ url: "https://x", body: "{{secret}}" }],
  [{ url: "https://x", headers: { "bad name": "x" } }],
  [{ url: "https://x", headers: { a: "x\r\nb: y" } }],
  [{ url: "https://x", repeatable: true }],
  [{ url: "https://x", to: ["call me"] }],
  [{ url: "https://x", secret: "inline" }],
])("refuses the settings %j", (settings) => {
  expect(sms.config.safeParse(settings).success).toBe(false);
});
