import { afterAll, beforeAll, expect, it } from "vitest";
import { type House, openHouse } from "../../test/support/web-roles.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.scene.close());

it("names who opened the envelope in what is done by an accès de secours, on pages and in the record", async () => {
  const { people, ids, scene } = house;
  const page = `/chv/incidents/${ids.main}`;
  const secours = people.emergency;
  await secours.submit("/chv/secours", "/chv/secours", { name: "Claire Petit", reason: "annuaire mort" });
  await secours.submit(page, `${page}/vu`, {});
  await secours.submit(`${page}/faits`, `${page}/faits`, {
    kinds: "care_interrupted",
    who: "self",
    text: "Vu.",
  });
  const { text } = await people.auditor.get(`${page}/faits`);
  expect(text).toMatch(/signalé par Claire Petit \([^)]+\)/);
  const incident = (await scene.store.reads.record("chv", "incident", ids.main))?.content;
  expect(incident?.seen?.at(-1)?.name).toMatch(/^Claire Petit \(/);
  expect((await secours.get(page)).text).toContain("ouvert par Claire Petit");
});
