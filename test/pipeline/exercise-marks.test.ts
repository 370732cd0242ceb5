import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { NOTIFIERS } from "../../connectors/ways-out.ts";
import { gatewayServer } from "../support/gateway-server.ts";
import { AT, aMessage } from "../support/messages.ts";
import { NOT_PAGES } from "../support/pages.ts";
import { startSmtp } from "../support/smtp-peer.ts";
import { type House, openHouse } from "../support/web-roles.ts";
import { ROUTES } from "../support/web-routes.ts";

const MARK = /EXERCICE/;

/** What leaves as no page, and why it carries no mark. */
const UNMARKED: Readonly<Record<string, string>> = {
  "GET /": "leads on",
  "GET /:facility/": "leads on",
  "GET /connexion/cle": "JSON that the browser hands to the key",
  "GET /connexion/annuaire/retour": "leads on",
  "GET /cle/defi": "JSON that the browser hands to the key",
  "GET /incidents/version": "a number that the open list compares",
  "GET /groupe": "needs a record that facilities share: agent/web/pages/group.test.ts has its mark",
  "GET /incidents/:id/notes/:note/pieces/:number": "a person's own file, as it was given",
};

describe("in exercise mode, EXERCICE stands", () => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(() => house.scene.close());

  const addressOf = (route: string): string => {
    const { main, person, outside } = house.ids;
    const path = route
      .replace("/incidents/:id", `/incidents/${main}`)
      .replace("/personnes/:id", `/personnes/${person}`)
      .replace("/hors-tocsin/:id", `/hors-tocsin/${outside}`)
      .replace(":regime", "rgpd-33")
      .replace(":version", "1")
      .replace(":way", "cert")
      .replace(":code", "x")
      .replace(":run", "x");
    return `/chv${path}`;
  };
  const GETS = ROUTES.flatMap(({ route, who }) =>
    route.startsWith("GET ") && UNMARKED[route] === undefined && !route.includes("/api/")
      ? [{ route, path: route.slice(4), who }]
      : [],
  );
  const visits = GETS.flatMap(({ path, ...rest }) =>
    path.includes(":format")
      ? ["csv", "json"].map((format) => ({ ...rest, path: path.replace(":format", format) }))
      : [{ ...rest, path }],
  );

  it("has every route of the server to walk, but for those that are said to carry none", () => {
    const gets = ROUTES.filter(({ route }) => route.startsWith("GET "));
    expect(GETS.length).toBe(gets.length - Object.keys(UNMARKED).length);
    expect(GETS.length).toBeGreaterThan(60);
  });

  it.each(visits)("on $path", async ({ path, who }) => {
    const kind = who === "doors" ? "signed out" : who.includes("director") ? "director" : "sealed";
    const { url } = house.scene;
    const cookies = [...house.people[kind].cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(`${url}${addressOf(path)}`, {
      headers: { cookie: cookies },
      redirect: "manual",
    });
    const name = response.headers.get("content-disposition") ?? "";
    const body = Buffer.from(await response.arrayBuffer()).toString("latin1");
    const isPage = (response.headers.get("content-type") ?? "").startsWith("text/html");
    expect(
      isPage ||
        NOT_PAGES[path.replace(/\.(csv|json)$/, ".:format")] !== undefined ||
        NOT_PAGES[path] !== undefined,
      path,
    ).toBe(true);
    // A page says it to who looks; a file by its name too, so that it says it unopened.
    if (isPage) {
      expect(body).toMatch(/<title>EXERCICE /);
      expect(body).toMatch(/<strong>EXERCICE<\/strong>/);
    } else if (path.endsWith(".css")) expect(body).toMatch(MARK);
    else {
      expect(response.status, path).toBe(200);
      expect(name).toMatch(/filename="EXERCICE-/);
      if (/json|csv|md/.test(path)) expect(body).toMatch(/EXERCICE|"exercise": ?true|,oui(,|\r?\n)/);
    }
  });

  it("inside the files of indicators, in each object or attribute that may be taken out of them", async () => {
    const asked = async (format: string) => {
      const cookies = [...house.people.director.cookies]
        .map(([name, value]) => `${name}=${value}`)
        .join("; ");
      const path = `/chv/incidents/${house.ids.main}/indicateurs.${format}.json`;
      return (await fetch(`${house.scene.url}${path}`, { headers: { cookie: cookies } })).json();
    };
    const { objects } = (await asked("stix")) as { objects: Record<string, unknown>[] };
    const ours = objects.filter(({ created_by_ref }) => created_by_ref !== undefined);
    expect(ours.map(({ type }) => type)).toContain("report");
    for (const each of ours) expect(each.labels, String(each.type)).toEqual(["exercise"]);
    const { Event } = (await asked("misp")) as {
      Event: { info: string; Tag: { name: string }[]; Attribute: { comment: string; to_ids: boolean }[] };
    };
    expect(Event.info).toMatch(/^EXERCICE : /);
    expect(Event.Tag.map(({ name }) => name)).toContain("exercise");
    for (const { comment, to_ids } of Event.Attribute) {
      expect(comment).toMatch(/^EXERCICE, /);
      expect(to_ids).toBe(false);
    }
  });
});

describe("every way to tell a person carries the mark of its message", () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** Sends one message by a notifier to a double, and gives what arrived there. */
  type Send = (settings: object, secret: string, received: () => string) => Promise<string>;
  const WAYS: Readonly<Record<string, (send: Send) => Promise<string>>> = Object.fromEntries(
    (
      [
        ["glpi", (url) => ({ url: `${url}/apirest.php`, user_token: { env: "A" }, app_token: { env: "B" } })],
        ["mattermost", () => ({ url: { env: "A" } })],
        ["ntfy", (url) => ({ url, topic: "astreinte" })],
        ["servicenow", (url) => ({ url, username: "tocsin", password: { env: "A" } })],
        ["slack", () => ({ url: { env: "A" } })],
        ["sms", (url) => ({ url, body: '"{{text}}"', to: ["+33600000001"] })],
        ["teams", () => ({ url: { env: "A" } })],
        ["voice", (url) => ({ url, body: '"{{text}}"', to: ["+33600000001"] })],
        ["webhook", (url) => ({ url, secret: { env: "A" } })],
      ] satisfies [string, (url: string) => object][]
    ).map(([name, settings]) => [
      name,
      async (send) => {
        const server = await gatewayServer(({ path, method }, response) => {
          response.writeHead(200, { "content-type": "application/json" });
          const answer = path.includes("/initSession")
            ? { session_token: "s" }
            : path.includes("/search/Ticket")
              ? { totalcount: 0 }
              : path.includes("/Ticket")
                ? { id: 7 }
                : { result: method === "GET" ? [] : { number: "INC1" } };
          response.end(JSON.stringify(answer));
        });
        closing.push(server.close);
        const secret = ["webhook"].includes(name)
          ? `whsec_${Buffer.from("the secret of the receiver").toString("base64")}`
          : server.url;
        return send(settings(server.url), secret, () =>
          server.asked.flatMap(({ method, body }) => (method === "POST" ? [body] : [])).join("\n"),
        );
      },
    ]),
  );
  const others: Readonly<Record<string, (send: Send) => Promise<string>>> = {
    async email(send) {
      const peer = await startSmtp();
      closing.push(() => peer.close());
      const settings = {
        host: "127.0.0.1",
        port: peer.port,
        security: "none",
        from: "t@ch.example",
        to: ["a@ch.example"],
      };
      return send(settings, "", () => peer.received.map(({ bytes }) => bytes.toString()).join("\n"));
    },
    async "modem-spool"(send) {
      const folder = mkdtempSync(join(tmpdir(), "tocsin-marks-"));
      closing.push(() => rmSync(folder, { recursive: true, force: true }));
      return send({ folder, to: ["+33600000001"] }, "", () =>
        readdirSync(folder)
          .map((file) => readFileSync(join(folder, file), "utf8"))
          .join("\n"),
      );
    },
  };
  const all = { ...WAYS, ...others };

  it("knows every notifier: a new one needs its line here", () => {
    expect(Object.keys(all).sort()).toEqual(NOTIFIERS.map(({ name }) => name).sort());
  });

  it.each(NOTIFIERS)("$name", async (notifier) => {
    const received = await all[notifier.name]?.(async (settings, secret, received) => {
      const open = notifier.open(notifier.config.parse(settings), () => secret);
      const attempt = await open.send(aMessage(), { now: AT, signal: AbortSignal.timeout(20_000) });
      expect(attempt.outcome).toBe("delivered");
      return received();
    });
    expect(received).toMatch(MARK);
  });
});

describe("a message that a stage writes", () => {
  const stages = resolve(import.meta.dirname, "../../agent/stages");
  const writers = readdirSync(stages, { recursive: true, encoding: "utf8" }).filter((name) => {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts")) return false;
    return /\bsubject: setup\.masks\.text\(/.test(readFileSync(join(stages, name), "utf8"));
  });

  it("is found in the code", () => expect(writers.length).toBeGreaterThan(5));

  it.each(writers)("in %s begins with the mark in exercise mode", (name) => {
    const code = readFileSync(join(stages, name), "utf8");
    expect(code).toMatch(/exercise \? "EXERCICE : " : ""|TEST – EXERCICE/);
    expect(code).toMatch(/\bexercise(,|: true)/);
  });
});
