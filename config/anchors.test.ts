import { expect, it } from "vitest";
import { Anchors } from "./anchors.ts";
import { parseConfig } from "./load.ts";

const WEBHOOK = { url: "https://tiers.example/tocsin", secret: { file: "secrets/tiers" } };
const MAIL = { host: "smtp.ch.example", from: "tocsin@ch.example", to: ["huissier@example.org"] };
const TIMESTAMP = { url: "https://tsa.example/", authority: "tsa.pem" };

it("gives a head a day, unless told", () => {
  expect(Anchors.parse({ webhook: WEBHOOK })).toEqual({ every_hours: 24, webhook: WEBHOOK });
  expect(Anchors.parse({ every_hours: 6, mail: MAIL, timestamp: TIMESTAMP })).toMatchObject({
    every_hours: 6,
    mail: { security: "starttls" },
    timestamp: TIMESTAMP,
  });
});

it.each<[string, object, string]>([
  ["nobody to give it to", { every_hours: 6 }, "nobody is given anything"],
  ["a secret that is written", { webhook: { ...WEBHOOK, secret: "hush" } }, "never written"],
  ["an address that is none", { webhook: { ...WEBHOOK, url: "ftp://tiers.example" } }, "URL"],
  ["no addressee", { mail: { ...MAIL, to: [] } }, "Too small"],
  [
    "a password in clear",
    { mail: { ...MAIL, security: "none", username: "x", password: { env: "X" } } },
    "in clear",
  ],
  ["no authority to verify tokens by", { timestamp: { url: TIMESTAMP.url } }, "expected string"],
  ["more than a week between two", { webhook: WEBHOOK, every_hours: 169 }, "Too big"],
])("refuses %s", (_what, given, words) => {
  const { error } = Anchors.safeParse(given);
  expect(error?.issues.map(({ message }) => message).join()).toContain(words);
});

it("keeps its secrets with the others, and finds its authority from where the configuration stands", () => {
  const text = `facility: { id: chv, name: CH, kind: etablissement_de_sante }
mode: exercise
anchors:
  webhook: { url: "${WEBHOOK.url}", secret: { env: THIRD } }
  mail: { host: smtp.ch.example, from: tocsin@ch.example, to: [huissier@example.org], username: x, password: { env: RELAY } }
  timestamp: { url: "${TIMESTAMP.url}", authority: tsa.pem }
`;
  const environment = { THIRD: `whsec_${Buffer.alloc(32, 1).toString("base64")}`, RELAY: "short" };
  const { loaded, problems } = parseConfig(text, "/srv/tocsin/tocsin.yml", environment);
  expect(problems).toBeUndefined();
  expect(loaded?.secrets.get("anchors.webhook.secret")?.reveal()).toBe(environment.THIRD);
  expect(loaded?.secrets.get("anchors.mail.password")?.reveal()).toBe("short");
  expect(loaded?.config.anchors?.timestamp?.authority).toBe("/srv/tocsin/tsa.pem");
  expect(JSON.stringify(loaded?.config)).not.toContain(environment.THIRD);
});
