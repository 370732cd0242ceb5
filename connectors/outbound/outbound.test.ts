import { describe, expect, it } from "vitest";
import type { Filing } from "../contract.ts";
import { exercise } from "./exercise/index.ts";
import { portalAssisted } from "./portal-assisted/index.ts";

const FILING: Filing = {
  key: "deliver:ch-x:sortie:declaration-1/1",
  facility: "ch-x",
  incident: "incident-1",
  declaration: { id: "declaration-1", version: 1, sha256: "ab".repeat(32) },
  bytes: Buffer.from("{}"),
  exercise: true,
};
const context = { now: 0, signal: new AbortController().signal };

describe("exercise", () => {
  it("pretends to file an exercise and says so in the reference", async () => {
    expect(await exercise.open().send(FILING, context)).toMatchObject({
      outcome: "delivered",
      reference: "EXERCICE-abababab",
      because: expect.stringContaining("rien n'a été transmis"),
    });
  });

  it("refuses what is not an exercise, at its own boundary", async () => {
    expect(await exercise.open().send({ ...FILING, exercise: false }, context)).toMatchObject({
      outcome: "refused",
    });
  });
});

it("the assisted portal never sends: a person does", async () => {
  expect(portalAssisted.reach).toBe("assisted");
  expect(await portalAssisted.open().send()).toMatchObject({ outcome: "refused" });
});
