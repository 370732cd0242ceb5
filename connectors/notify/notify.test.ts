import { readdirSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { connectProxy } from "../../test/support/connect-proxy.ts";
import { type Asked, gatewayServer } from "../../test/support/gateway-server.ts";
import { AT, aMessage, HOSTILE } from "../../test/support/messages.ts";
import type { Attempt, Message, Notifier } from "../contract.ts";
import { NOTIFIERS } from "../ways-out.ts";

const SECRET = `whsec_${Buffer.from("the secret of the receiver").toString("base64")}`;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

it("lists the folders of notify/, each under its own name", () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
  expect(NOTIFIERS.map(({ name }) => name)).toEqual(folders.toSorted());
  for (const folder of folders)
    expect(readdirSync(join(import.meta.dirname, folder)).some((file) => file === "index.ts")).toBe(true);
});

/** Settings of those that speak HTTP to one place, and what the place reveals as secret. */
const HTTP: Record<string, { settings(url: string): object; reveals(url: string): string }> = {
  glpi: {
    settings: (url) => ({ url: `${url}/apirest.php`, user_token: { env: "A" }, app_token: { env: "B" } }),
    reveals: () => SECRET,
  },
  mattermost: { settings: () => ({ url: { env: "A" } }), reveals: (url) => `${url}/hooks/${SECRET}` },
  ntfy: { settings: (url) => ({ url, topic: "astreinte", token: { env: "A" } }), reveals: () => SECRET },
  servicenow: {
    settings: (url) => ({ url, username: "tocsin", password: { env: "A" } }),
    reveals: () => SECRET,
  },
  slack: { settings: () => ({ url: { env: "A" } }), reveals: (url) => `${url}/services/${SECRET}` },
  teams: { settings: () => ({ url: { env: "A" } }), reveals: (url) => `${url}/workflows/${SECRET}` },
  sms: {
    settings: (url) => ({ url: `${url}/sms`, body: '"{{subject}} {{link}}"', to: ["+33600000001"] }),
    reveals: () => SECRET,
  },
  webhook: { settings: (url) => ({ url, secret: { env: "A" } }), reveals: () => SECRET },
};
const CASES = NOTIFIERS.filter(({ name }) => name in HTTP);

/** What each product answers when all is well. */
function answersOf(asked: Pick<Asked, "method" | "path">): unknown {
  if (asked.path.includes("/initSession")) return { session_token: "a session" };
  if (asked.path.includes("/search/Ticket")) return { totalcount: 0 };
  if (asked.path.includes("/Ticket")) return { id: 7 };
  if (asked.path.includes("/api/now/table"))
    return asked.method === "GET" ? { result: [] } : { result: { number: "INC0010007" } };
  return {};
}

async function sendTo(
  notifier: Notifier<unknown>,
  options: { message?: Message; status?: number; late?: boolean; ends?: boolean; proxy?: string } = {},
): Promise<{ attempt: Attempt; asked: Asked[]; shown: string }> {
  const { message = aMessage(), status = 200 } = options;
  const server = await gatewayServer((asked, response) => {
    if (options.late === true) return;
    if (options.ends === true) return void response.socket?.destroy();
    response.writeHead(status, { "content-type": "application/json", location: "http://127.0.0.1:1/" });
    response.end(JSON.stringify(answersOf(asked)));
  });
  closing.push(server.close);
  const { settings, reveals } = HTTP[notifier.name] as (typeof HTTP)[string];
  const proxy = options.proxy === undefined ? {} : { proxy: { url: options.proxy } };
  const config = notifier.config.parse({ ...settings(server.url), ...proxy, timeout_seconds: 1 });
  const open = notifier.open(config, () => reveals(server.url));
  const attempt = await open.send(message, { now: AT, signal: AbortSignal.timeout(20_000) });
  return { attempt, asked: server.asked, shown: inspect([open, attempt], { depth: 10 }) };
}

/** What a product would make a mention, an element or a picture of. */
const ACTED_ON: Record<string, RegExp> = {
  glpi: /<(?!br>)/,
  mattermost: /(^|[^\\])[<!]|(^|[^\\])\[x|@(all|channel|here)/,
  slack: /<[!@]/,
};

describe.each(CASES)("$name", (notifier) => {
  it("is delivered when the receiver has taken it, with the subject and the page's link", async () => {
    const { attempt, asked, shown } = await sendTo(notifier);
    expect(attempt.outcome).toBe("delivered");
    const sent = asked.find(({ method }) => method === "POST")?.body ?? "";
    expect(sent).toContain("incident 2026");
    expect(sent).toContain(aMessage().link);
    expect(shown).not.toContain(SECRET);
  });

  it.each([
    [302, "refused"],
    [400, "refused"],
    [401, "refused"],
    [403, "refused"],
    [404, "refused"],
    [429, "unreachable"],
    [500, "unreachable"],
    [503, "unreachable"],
  ])("takes HTTP %i for %s", async (status, outcome) => {
    expect((await sendTo(notifier, { status })).attempt.outcome).toBe(outcome);
  });

  it("is never refused, and never delivered, when nobody answers", async () => {
    const { attempt } = await sendTo(notifier, { late: true });
    expect(["uncertain", "unreachable"]).toContain(attempt.outcome);
  });

  it("is in doubt when the receiver hangs up on what it was sent, unless that only looked", async () => {
    const { attempt, asked } = await sendTo(notifier, { ends: true });
    expect(attempt.outcome).toBe(asked[0]?.method === "GET" ? "unreachable" : "uncertain");
  });

  it("leaves by the proxy that its settings name", async () => {
    const proxy = await connectProxy({
      plain: (response, { method, target }) =>
        response.end(JSON.stringify(answersOf({ method, path: target }))),
    });
    closing.push(proxy.close);
    const { attempt, asked } = await sendTo(notifier, { proxy: proxy.url });
    expect([attempt.outcome, asked]).toEqual(["delivered", []]);
    expect(proxy.asked.every(({ target }) => target.startsWith("http://127.0.0.1:"))).toBe(true);
  });

  it("is refused when the proxy does not let it out, and not sent elsewhere", async () => {
    const proxy = await connectProxy({ plain: (response) => void response.writeHead(407).end() });
    closing.push(proxy.close);
    const { attempt, asked } = await sendTo(notifier, { proxy: proxy.url });
    expect([attempt.outcome, asked]).toEqual(["refused", []]);
  });

  it.each(HOSTILE)("sends well-formed JSON to one place whatever is planted: %j", async (planted) => {
    const { attempt, asked } = await sendTo(notifier, {
      message: aMessage({ subject: planted, text: planted }),
    });
    expect(attempt.outcome).toBe("delivered");
    const sent = asked.find(({ method }) => method === "POST");
    const body = JSON.parse(sent?.body ?? "");
    expect(JSON.stringify(body).length).toBeLessThan(200_000);
    const acted = ACTED_ON[notifier.name];
    if (acted !== undefined) expect(body.text ?? body.input.content).not.toMatch(acted);
  });
});

describe("a ticket", () => {
  const tickets = NOTIFIERS.filter(({ name }) => name === "glpi" || name === "servicenow");
  it.each(tickets)("is not made twice for one message: $name", async (notifier) => {
    const made = new Map<string, string>();
    const server = await gatewayServer((asked, response) => {
      response.writeHead(200);
      const known = [...made.keys()].filter((mark) => asked.path.includes(mark));
      if (asked.method === "POST" && !asked.path.includes("Session")) {
        const mark = /tocsin-[0-9a-f]{24}/.exec(asked.body)?.[0] ?? "";
        made.set(mark, asked.body);
        response.end(JSON.stringify({ id: made.size, result: { number: "INC1" } }));
      } else if (asked.path.includes("/search/")) response.end(JSON.stringify({ totalcount: known.length }));
      else if (asked.path.includes("/table/"))
        response.end(JSON.stringify({ result: known.map(() => ({ number: "INC1" })) }));
      else response.end(JSON.stringify({ session_token: "s" }));
    });
    closing.push(server.close);
    const { settings } = HTTP[notifier.name] as (typeof HTTP)[string];
    const open = notifier.open(notifier.config.parse(settings(server.url)), () => SECRET);
    const send = (message: Message) => open.send(message, { now: AT, signal: AbortSignal.timeout(5000) });
    expect((await send(aMessage())).outcome).toBe("delivered");
    expect((await send(aMessage())).because).toBe("ticket déjà ouvert");
    await send(aMessage({ key: "another" }));
    expect(made.size).toBe(2);
    expect(notifier.repeatable).toBe(true);
  });
});

it("has Teams say it in text runs, in which nothing is markup", async () => {
  const teams = CASES.find(({ name }) => name === "teams") as Notifier<unknown>;
  const { asked } = await sendTo(teams, { message: aMessage({ text: "[x](https://evil.example)" }) });
  const card = JSON.parse(asked[0]?.body ?? "").attachments[0].content;
  expect(card.body.map(({ type }: { type: string }) => type)).toEqual([
    "RichTextBlock",
    "RichTextBlock",
    "RichTextBlock",
  ]);
  expect(card.actions).toEqual([
    { type: "Action.OpenUrl", title: "Ouvrir dans Tocsin", url: aMessage().link },
  ]);
});
