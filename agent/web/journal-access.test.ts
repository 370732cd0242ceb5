import { afterEach, expect, it } from "vitest";
import { seededDesk } from "../../test/support/seeded-desk.ts";
import { type Scene, startScene } from "../../test/support/web-server.ts";
import { visitor } from "../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../core/clock.ts";

let scene: Scene;
afterEach(() => scene.close());

const accesses = async () =>
  (await scene.store.reads.journalOf("chv", "incident-1"))
    .filter(({ type }) => type === "note.dossier_read")
    .map(({ content }) => JSON.parse(content ?? "{}").account);

it("who reads a dossier is journalled once an hour, whatever they read of it", async () => {
  scene = await startScene({ desk: seededDesk([{ incident: {} }]) });
  const claire = visitor(scene);
  const anne = visitor(scene);
  await claire.signIn("claire");
  await anne.signIn("anne");
  for (const page of ["", "/faits", "", "?fait=signale"])
    await claire.get(`/chv/incidents/incident-1${page}`);
  await anne.get("/chv/incidents/incident-1");
  expect(await accesses()).toEqual(["acc-claire", "acc-anne"]);
  scene.clock.instant += MICROSECONDS.hour;
  await claire.get("/chv/incidents/incident-1");
  expect(await accesses()).toEqual(["acc-claire", "acc-anne", "acc-claire"]);
});

it("neither a list nor what is no dossier is an access to one", async () => {
  scene = await startScene({ desk: seededDesk([{ incident: {} }]) });
  const claire = visitor(scene);
  await claire.signIn("claire");
  scene.written();
  for (const page of ["", "/signaler", "/version", "/unheard-of", "/%ff"])
    await claire.get(`/chv/incidents${page}`);
  expect(scene.written()).toEqual([]);
});

it("nobody who is not signed in leaves a trace of an access", async () => {
  scene = await startScene({ desk: seededDesk([{ incident: {} }]) });
  await visitor(scene).get("/chv/incidents/incident-1");
  expect(await accesses()).toEqual([]);
});
