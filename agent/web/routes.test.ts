import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addressIn, type House, openHouse } from "../../test/support/web-roles.ts";
import {
  ROUTES,
  type RouteRow,
  routesOf,
  VISITORS,
  type VisitorKind,
} from "../../test/support/web-routes.ts";

let house: House;
let read = 0;
const tokens = new Map<VisitorKind, string>();
beforeAll(async () => {
  house = await openHouse();
  for (const kind of VISITORS) tokens.set(kind, await tokenOf(kind));
  await effects();
});
afterAll(() => house.scene.close());

/** A token of the person's own session. */
async function tokenOf(kind: VisitorKind): Promise<string> {
  const page = ["inactive", "signed out"].includes(kind) ? "/chv/connexion" : "/chv/secours";
  const { text } = await house.people[kind].get(page);
  return /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
}

/** Readings that the journal keeps. */
const READINGS = ["note.dossier_read", "note.group_read", "note.register_exported"];

/** What was written since it was last asked: a reading is none. */
async function effects(): Promise<string[]> {
  const { store } = house.scene;
  const entries = await store.reads.journal("chv", read + 1, 1000);
  read = entries.at(-1)?.seq ?? read;
  const notes = entries.map(({ type }) => type).filter((type) => type.startsWith("note."));
  return [
    ...house.scene.written().filter((write) => write !== "note"),
    ...notes.filter((type) => !READINGS.includes(type)),
  ];
}

const split = ({ route }: RouteRow) => route.split(" ") as [string, string];
const isRead = (row: RouteRow) => split(row)[0] === "GET";
const READ = ROUTES.filter(isRead);
const OWN_TOKENS = /^\/(api|question)(\/|$)/;
const FORMS = ROUTES.filter((row) => !isRead(row) && !OWN_TOKENS.test(split(row)[1]));
const OF_DOSSIER = ROUTES.filter(({ route }) => route.includes("/incidents/:id"));

const addressOf = (row: RouteRow, given: Parameters<typeof addressIn>[2] = {}) =>
  addressIn(house, row, given);

const answer = (kind: VisitorKind, row: RouteRow) =>
  isRead(row)
    ? house.people[kind].get(addressOf(row))
    : house.people[kind].post(addressOf(row), { csrf: tokens.get(kind) ?? "" });

/** Who may and is not bound by something else first. */
const allowed = ({ who }: RouteRow) => (who === "doors" ? [] : who);
/** One who may do most, of those who may do this. */
const mighty = ({ who }: RouteRow): VisitorKind =>
  who === "doors" ? "director" : who.includes("director") ? "director" : (who[0] as VisitorKind);

describe("the table of routes", () => {
  it("has one row for every route of the people's listener", () => {
    expect(ROUTES.map(({ route }) => route).toSorted()).toEqual(routesOf(house.scene.app).toSorted());
  });
});

describe.each(ROUTES.filter(({ who, acts }) => who !== "doors" && !acts))("$route", (row) => {
  it.each(VISITORS)("answers %s as their right says, and writes nothing", async (kind) => {
    const reply = await answer(kind, row);
    const [, path] = split(row);
    if (kind === "signed out" || kind === "inactive") {
      expect(reply.status).toBe(isRead(row) ? 303 : 401);
      if (isRead(row)) expect(reply.location).toMatch(/^\/chv\/connexion\?suite=/);
    } else if (kind === "sealed" && path !== "/secours") {
      expect(reply.status).toBe(isRead(row) ? 303 : 403);
      if (isRead(row)) expect(reply.location).toMatch(/^\/chv\/secours\?suite=/);
    } else if (path === "/secours" && kind !== "sealed" && kind !== "emergency") {
      expect(reply.status).toBe(404);
    } else if (!allowed(row).includes(kind)) {
      expect(reply.status).toBe(403);
      expect(reply.text).not.toContain("Code incorrect");
    } else {
      expect(reply.status).toBe(row.status);
      // Not for want of a right.
      if (row.status === 403) expect(reply.text).toContain("Code incorrect");
    }
    expect(await effects()).toEqual([]);
  });
});

describe("a page that is read", () => {
  it.each(READ.filter(({ who }) => who === "doors"))("$route is open, and writes nothing", async (row) => {
    const reply = await house.people["signed out"].get(addressOf(row));
    expect(reply.status).toBe(row.status);
    expect(await effects()).toEqual([]);
  });

  it.each(READ)("$route answers HEAD as GET, and writes nothing", async (row) => {
    const who = house.people[mighty(row)];
    const head = await who.get(addressOf(row), { method: "HEAD" });
    expect(head.text).toBe("");
    expect(head.status).toBe((await who.get(addressOf(row))).status);
    expect(await effects()).toEqual([]);
  });

  it.each(READ)("$route takes any query for text, or says that it cannot", async (row) => {
    const address = addressOf(row);
    const hostile = ["fait", "suite", "version", "mois", "etat", "q", "page", "a", "de", "acte", "jeton"];
    for (const query of [
      hostile.map((name) => `${name}=1&${name}=2`).join("&"),
      hostile.map((name) => `${name}[x]=1`).join("&"),
      hostile.map((name) => `${name}=__proto__`).join("&"),
      hostile.map((name) => `${name}=constructor`).join("&"),
      hostile.map((name) => `${name}=%00%0d%0aSet-Cookie:%20x=1`).join("&"),
      hostile.map((name) => `${name}=${"9".repeat(400)}`).join("&"),
      "%ff=%ff&%=%&=",
    ]) {
      const reply = await house.people[mighty(row)].get(`${address}?${query}`);
      expect([query, reply.status]).toEqual([
        query,
        expect.toSatisfy((status) => status < 500 || status === 503),
      ]);
      expect(reply.text).not.toMatch(/\[native code\]|\[object Object\]/);
      expect(reply.headers.getSetCookie().join()).not.toContain("x=1");
    }
    expect(await effects()).toEqual([]);
  });
});

describe("a form", () => {
  it.each(FORMS)("$route without a token of this session is refused, and nothing is written", async (row) => {
    const kind = row.who === "doors" ? "signed out" : mighty(row);
    const other: VisitorKind = kind === "rssi" ? "operator" : "rssi";
    const foreign = tokens.get(other) ?? "";
    for (const csrf of [undefined, "", "x", foreign, `${foreign}&csrf=${foreign}`]) {
      const body = new URLSearchParams({ ...row.form, ...(csrf !== undefined && { csrf }) });
      const reply = await house.people[kind].get(addressOf(row), { method: "POST", body });
      expect([csrf, reply.status]).toEqual([csrf, 403]);
    }
    expect(await effects()).toEqual([]);
  });

  it.each(FORMS)("$route sent by another site is refused, with a token that is good", async (row) => {
    const kind = row.who === "doors" ? "signed out" : mighty(row);
    const body = new URLSearchParams({ ...row.form, csrf: tokens.get(kind) ?? "" });
    for (const site of ["cross-site", "same-site"]) {
      const headers = { "sec-fetch-site": site };
      const reply = await house.people[kind].get(addressOf(row), { method: "POST", body, headers });
      expect([site, reply.status]).toEqual([site, 403]);
    }
    expect(await effects()).toEqual([]);
  });

  it.each(FORMS.filter(({ acts }) => !acts))(
    "$route takes fields given twice or nested, and what is no text, for a mistake",
    async (row) => {
      const kind = row.who === "doors" ? "signed out" : mighty(row);
      const csrf = tokens.get(kind) ?? "";
      const names = Object.keys(row.form ?? {});
      const address = addressOf(row);
      for (const [body, type] of [
        [names.map((name) => `${name}=1&${name}=2`).join("&"), ""],
        [names.map((name) => `${name}[x]=1&${name}[]=2`).join("&"), ""],
        [names.map((name) => `${name}=${"9".repeat(2000)}`).join("&"), ""],
        ["__proto__[x]=1&constructor=1&toString=1", ""],
        ["%ff=%ff&%=%&=&&", ""],
        ["a=1&".repeat(600), ""],
        [`a=${"x".repeat(200_000)}`, ""],
        ["", "application/x-www-form-urlencoded; charset=utf-7"],
        ["", "application/json"],
        ["", "multipart/form-data; boundary=x"],
        ["", "text/plain"],
      ] as const) {
        const headers = { "content-type": type === "" ? "application/x-www-form-urlencoded" : type };
        const text = `csrf=${encodeURIComponent(csrf)}&${body}`;
        const reply = await house.people[kind].get(address, { method: "POST", body: text, headers });
        const what = `${type} ${body.slice(0, 60)}`;
        expect([what, reply.status]).toEqual([
          what,
          expect.toSatisfy((status) => (status >= 400 && status < 500) || status === row.status),
        ]);
        expect(reply.text).not.toMatch(/\[native code\]|\[object Object\]/);
      }
      expect((await effects()).filter((write) => write !== "unsent")).toEqual([]);
    },
  );
});

describe("an id that is not of this facility", () => {
  it.each(OF_DOSSIER)("$route answers 404 for it, and writes nothing", async (row) => {
    const who = house.people[mighty(row)];
    const fields = { ...row.form, csrf: tokens.get(mighty(row)) ?? "" };
    const { elsewhere } = house.ids;
    for (const incident of [elsewhere, "inc-0", "constructor", "__proto__", "a/b", "x".repeat(3000)]) {
      const address = addressOf(row, { incident });
      const reply = isRead(row) ? await who.get(address) : await who.post(address, fields);
      expect([incident, reply.status]).toEqual([incident, 404]);
    }
    expect(await effects()).toEqual([]);
  });

  it.each(OF_DOSSIER)("$route leaves what was merged as it is", async (row) => {
    const who = house.people[mighty(row)];
    const fields = { ...row.form, csrf: tokens.get(mighty(row)) ?? "" };
    const address = addressOf(row, { incident: house.ids.merged });
    const reply = isRead(row) ? await who.get(address) : await who.post(address, fields);
    expect(reply.status).toBeLessThan(500);
    expect((await effects()).filter((write) => write !== "unsent")).toEqual([]);
  });

  it.each(ROUTES.filter(({ route }) => /(personnes|hors-tocsin)\/:id/.test(route)))(
    "$route answers 404 to an unknown one",
    async (row) => {
      const who = house.people[mighty(row)];
      const fields = {
        ...Object.fromEntries(["code", "index", "from", "by", "document"].map((name) => [name, "0"])),
        ...row.form,
        csrf: tokens.get(mighty(row)) ?? "",
      };
      const address = addressOf(row, { other: "nobody" });
      const reply = isRead(row) ? await who.get(address) : await who.post(address, fields);
      expect([404, 422]).toContain(reply.status);
      expect(await effects()).toEqual([]);
    },
  );
});

describe("text that is no word of ours", () => {
  // Last of what acts: some of it is taken for a reason.
  it.each(FORMS.filter(({ acts }) => !acts))("$route takes for text, or says that it cannot", async (row) => {
    const kind = row.who === "doors" ? "signed out" : mighty(row);
    for (const text of ["%00%ff%E2%80%AE%0d%0aX: y", "=HYPERLINK(1)".repeat(3), "__proto__", "constructor"]) {
      const fields = Object.fromEntries(Object.keys(row.form ?? {}).map((name) => [name, text]));
      const reply = await house.people[kind].post(addressOf(row), {
        ...fields,
        csrf: tokens.get(kind) ?? "",
      });
      expect(reply.status).toBeLessThan(row.status === 503 ? 504 : 500);
      expect(reply.text).not.toMatch(/\[native code\]|\[object Object\]/);
      expect(reply.headers.get("x")).toBeNull();
    }
    await effects();
  });
});

describe("any other method", () => {
  const raw = (kind: VisitorKind, method: string, path: string) =>
    new Promise<number>((resolve, reject) => {
      const { cookies } = house.people[kind];
      const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
      const sent = httpRequest(new URL(path, house.scene.url), { method, headers }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode ?? 0));
      });
      sent.on("error", reject).end();
    });

  it.each(ROUTES)("is refused on $route", async (row) => {
    for (const method of ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "QUERY"])
      for (const kind of ["director", "signed out"] as const) {
        const status = await raw(kind, method, addressOf(row));
        expect([method, kind, status]).toEqual([
          method,
          kind,
          expect.toSatisfy((each) => each >= 400 && each < 500),
        ]);
      }
    expect(await effects()).toEqual([]);
  });
});

describe("an address that is not one of ours", () => {
  it.each([
    "/chv/%ff",
    "/%ff",
    "/%",
    "/chv/incidents/%E0%A4%A",
    "/chv/incidents/%00",
    "/chv/incidents/..%2f..%2fetc%2fpasswd",
    "/assets/%ff",
    "/assets/..%2f..%2fserver.ts",
    "/assets/%2e%2e/server.ts",
    "/assets/page.css%00.js",
    "//chv/incidents",
    "/chv//incidents",
    "/CHV/incidents",
    "/__proto__/incidents",
    `/chv/${"a/".repeat(2000)}`,
  ])("answers %s with a page that says so", async (path) => {
    const sent = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const { cookies } = house.people.director;
      const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
      const { port } = new URL(house.scene.url);
      httpRequest({ host: "localhost", port, path, headers }, (response) => {
        let text = "";
        response.on("data", (part) => {
          text += part;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      })
        .on("error", reject)
        .end();
    });
    expect([400, 403, 404]).toContain(sent.status);
    expect(sent.text).toContain("Que faire");
  });
});
