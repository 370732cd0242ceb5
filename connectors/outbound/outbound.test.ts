import { readdirSync } from "node:fs";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { DeliveryKind } from "../../agent/core/delivery.ts";
import { FILING } from "../../test/support/filing.ts";
import { OUTBOUNDS } from "../ways-out.ts";
import { exercise } from "./exercise/index.ts";

const SECRET = "s3cret-of-the-way-out";
const EXERCISE = { ...FILING, exercise: true };
const context = { now: 0, signal: new AbortController().signal };

/** Settings of each way out with a secret of each kind; nobody listens where they lead. */
const MAIL = {
  host: "127.0.0.1",
  port: 1,
  timeout_seconds: 1,
  username: "tocsin",
  password: { env: "SECRET" },
  from: "tocsin@ch.example",
  to: ["point-focal@ars.example"],
  contact: "M. Martin, 01 23 45 67 89",
};
const SETTINGS: Record<string, Record<string, unknown>> = {
  "ars-mail": MAIL,
  "ars-phone": { to: "ARS Bretagne", phone: "02 90 08 80 00" },
  exercise: {},
  "fssi-mail": MAIL,
  "help-phone": {},
  "portal-assisted": {},
  "portal-http": {
    url: "https://127.0.0.1:1/declarations",
    authentication: {
      by: "oauth2",
      token_url: "https://127.0.0.1:1/token",
      client_id: "ch-x",
      client_secret: { env: "SECRET" },
    },
    private_networks: ["127.0.0.0/8"],
  },
};

it("lists the folders of outbound/, each under its own name", () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
  expect(OUTBOUNDS.map(({ name }) => name)).toEqual(folders);
  expect(Object.keys(SETTINGS)).toEqual(folders);
});

describe.each(OUTBOUNDS)("$name", (connector) => {
  const { name, summary, kinds, reach, guide } = connector;
  const config = connector.config.parse(SETTINGS[name]);
  const open = () => connector.open(config, () => SECRET);
  const kind = kinds[0];

  it("says in a line what it is, and what it may carry, each once", () => {
    expect(summary).toMatch(/^[A-Z][^\n]{10,120}[^.\n]$/);
    expect(kinds).toEqual([...new Set(kinds)]);
    expect(kinds.every((each) => DeliveryKind.safeParse(each).success)).toBe(true);
  });

  it("takes no setting that it does not know", () => {
    expect(connector.config.safeParse({ ...SETTINGS[name], unheard_of: 1 }).success).toBe(false);
  });

  it("takes no secret that is written in the configuration", () => {
    const written = JSON.parse(
      JSON.stringify(SETTINGS[name]).replaceAll('{"env":"SECRET"}', JSON.stringify(SECRET)),
    );
    const holds = JSON.stringify(SETTINGS[name]).includes('"SECRET"');
    expect(connector.config.safeParse(written).success).toBe(!holds);
  });

  it("says whom it reaches, always alike, with nothing that a page could not show", () => {
    const told = guide(config);
    expect(told).toEqual(guide(config));
    expect(told.to.trim()).not.toBe("");
    for (const step of told.steps) expect(step.trim()).not.toBe("");
    if (told.address !== undefined) expect(new URL(told.address).protocol).toBe("https:");
    if (told.source !== undefined) expect(told.source.verified).toMatch(/^20\d\d-\d\d-\d\d$/);
    // A person who carries it has to be told how.
    if (reach === "assisted") expect(told.steps.length).toBeGreaterThan(0);
  });

  it("is sent an exercise only where it stays inside", async () => {
    const attempt = await open().send({ ...EXERCISE, kind }, context);
    expect(attempt).toMatchObject({ outcome: reach === "exercise" ? "delivered" : "refused" });
    expect(attempt).not.toHaveProperty("sent");
    expect(attempt.because).not.toBe("");
  });

  it("shows no secret", async () => {
    const opened = open();
    const attempt = await opened.send({ ...FILING, kind }, context);
    expect(inspect([connector, opened, attempt, guide(config)], { depth: 10 })).not.toContain(SECRET);
  });
});

describe.each(OUTBOUNDS.filter(({ reach }) => reach === "authority"))(
  "$name, with nobody there,",
  (connector) => {
    const kind = connector.kinds[0];
    const open = () => connector.open(connector.config.parse(SETTINGS[connector.name]), () => SECRET);

    it("delivers nothing while nobody listens, and says in words that it did not", async () => {
      const attempt = await open().send({ ...FILING, kind }, context);
      expect(attempt).toMatchObject({ outcome: "unreachable", because: expect.stringMatching(/\S \S/) });
      expect(attempt).not.toHaveProperty("sent");
    });

    it("neither rejects nor delivers when it is stopped", async () => {
      const attempt = await open().send({ ...FILING, kind }, { now: 0, signal: AbortSignal.abort() });
      expect(attempt.outcome).not.toBe("delivered");
    });

    it("tells whether it can be reached, where it can tell", async () => {
      const opened = open();
      expect((await opened.probe?.(context))?.reachable ?? false).toBe(false);
    });
  },
);

describe("exercise", () => {
  it("pretends to file an exercise and says so in the reference", async () => {
    expect(await exercise.open().send(EXERCISE, context)).toMatchObject({
      outcome: "delivered",
      reference: "EXERCICE-abababab",
      because: expect.stringContaining("rien n'a été transmis"),
    });
  });

  it("refuses what is not an exercise, at its own boundary", async () => {
    expect(await exercise.open().send(FILING, context)).toMatchObject({ outcome: "refused" });
  });
});

it.each(OUTBOUNDS.filter(({ reach }) => reach === "assisted"))(
  "$name never sends: a person does",
  async ({ name, config, open, kinds }) => {
    const opened = open(config.parse(SETTINGS[name]), () => SECRET);
    expect(await opened.send({ ...FILING, kind: kinds[0] }, context)).toMatchObject({ outcome: "refused" });
  },
);
