import { afterAll, beforeAll, expect, it } from "vitest";
import {
  codeOf,
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";
import type { Scene } from "../support/web-server.ts";
import { type Visitor, visitor } from "../support/web-visitor.ts";

const PAGE = `/${FACILITY}/sources`;
let house: House;
let daemon: Daemon;
let person: Visitor;
beforeAll(async () => {
  house = await makeHouse();
  daemon = await startDaemon(house);
  person = visitor({ url: daemon.people } as Scene);
  const account = house.accounts["anne.martin"];
  const door = `/${FACILITY}/connexion`;
  const fields = { login: "anne.martin", password: account.password, code: codeOf(account) };
  expect((await person.submit(door, door, fields)).status).toBe(303);
});
afterAll(async () => {
  await daemon?.end("SIGTERM");
  house?.remove();
});

const alerts = async () => {
  const reads = house.reads();
  try {
    return await reads.countAlerts(FACILITY);
  } finally {
    reads.close();
  }
};

it("shows of each source what was understood last", async () => {
  await post(daemon, "generic", house.tokens.generic, relevant("vu-1", "srv-vu"));
  const text = await eventually("what was understood", async () => {
    const page = (await person.get(PAGE)).text;
    return page.includes("Derniers messages compris") ? page : undefined;
  });
  expect(text).toMatch(/<span class="mark">generic<\/span><\/p><pre>[^<]*srv-vu/);
});

it("tells of a message that is tried which rules in force recognise it, and takes nothing in", async () => {
  const before = await alerts();
  const tried = JSON.stringify(relevant("essai-1", "srv-essai"));
  const { status, text } = await person.submit(PAGE, `${PAGE}/essai`, {
    text: tried,
    source: "generic",
    mark: "",
  });
  expect(status).toBe(200);
  expect(text).toMatch(/Règles qui le reconnaissent<\/h2>\s*<ul class="panel"><li>/);
  expect(text).toMatch(/host\.name<\/th><td>srv-essai/);
  expect(await alerts()).toBe(before);
});
