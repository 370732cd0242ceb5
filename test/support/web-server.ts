import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret, TOTP } from "otpauth";
import { Asset } from "../../agent/core/asset.ts";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import { declarationKey } from "../../agent/core/declaration.ts";
import type { HouseView } from "../../agent/core/house-view.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import type { Account } from "../../agent/core/person.ts";
import { listed, type RuleTroubles } from "../../agent/core/rule-troubles.ts";
import type { Alarm } from "../../agent/stages/access-alarm.ts";
import type { Desk, Dossier } from "../../agent/stages/desk/desk.ts";
import { openGroup } from "../../agent/stages/group/open-group.ts";
import type { Searches } from "../../agent/stages/hunt/searches.ts";
import { locator } from "../../agent/stages/locate.ts";
import { unknownAssets } from "../../agent/stages/note-unknown.ts";
import { openRegister } from "../../agent/stages/register/open-register.ts";
import { openEliminations } from "../../agent/stages/retention/eliminations-desk.ts";
import type { OnCall } from "../../agent/stages/roster/open-on-call.ts";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import type { Store, Write } from "../../agent/store/store.ts";
import type { AccessSettings } from "../../agent/web/access.ts";
import { hashPassword } from "../../agent/web/password.ts";
import { peopleApp } from "../../agent/web/server.ts";
import { SESSION_LIMITS } from "../../agent/web/session-store.ts";
import { receiveFiles } from "../../agent/web/uploads.ts";
import { Retention } from "../../config/retention.ts";
import { houseView } from "./house-view.ts";
import { MASKS } from "./masks.ts";
import { noOneOnCall } from "./on-call.ts";
import { NIGHT, SITES, SYSTEMS } from "./web-declaration.ts";
import { FACILITY, type SceneDesk, sceneDesk } from "./web-desk.ts";
import { sceneDossier } from "./web-scene.ts";

export const PASSWORD = "correct horse battery staple";
export const TOOL_SECRET = Buffer.from("0123456789abcdef0123456789abcdef").toString("base64");
const PEOPLE = {
  claire: "delegate",
  dora: "director",
  remi: "rssi",
  omar: "operator",
  anne: "auditor",
} as const;
export type Login = keyof typeof PEOPLE;

/** A machine that the inventory of tests knows, and that belongs to no system. */
const ASSETS = [Asset.parse({ name: "pc-accueil", location: "Bâtiment A > Accueil" })];

export interface Scene {
  url: string;
  /** The listener itself, to read its routes. */
  app: ReturnType<typeof peopleApp>;
  desk: SceneDesk;
  store: Store;
  /** The folder of files that are being received. */
  uploads: string;
  clock: { instant: number; now(): number };
  /** What people were to be told of unusual accesses. */
  alarms: Alarm[];
  /** Everything the pages logged. */
  logged: string[];
  /** What of the rules does not run; none at first. */
  troubles: RuleTroubles;
  /** Units committed since the last reading of this list. */
  written(): Write["write"][];
  code(login: Login): string;
  ticket(login: Login, token: string): Promise<void>;
  close(): Promise<void>;
}

/** Two facilities that share the record; the director of this one is not among who sees both. */
export const GROUP = {
  name: "GHT du Val",
  facilities: [
    { id: FACILITY, name: "Centre hospitalier du Val" },
    { id: "chy", name: "CH Y" },
  ],
  members: ["claire", "remi", "anne"],
};

/** How long what is kept is kept, as the configuration proposes. */
const RETENTION = Retention.parse({});

const secrets = new Map<Login, string>(
  (Object.keys(PEOPLE) as Login[]).map((login) => [
    login,
    new Secret({ buffer: new Uint8Array(randomBytes(20)).buffer }).base32,
  ]),
);
let hashed: Promise<string> | undefined;

/** Starts the people's listener on a real port, over a real record and a desk of one dossier. */
export async function startScene(
  options: {
    dossier?: Dossier;
    demo?: boolean;
    secure?: boolean;
    /** People come by way of `localhost`: browsers offer passkeys there. */
    localhost?: boolean;
    port?: number;
    /** How people sign in, where it is not as the tests' own. */
    access?: Partial<AccessSettings>;
    /** The desk that the pages ask, over the scene's own record. (Default: one of one dossier.) */
    desk?: (parts: { store: Store; clock: { now(): number } }) => Promise<Desk>;
    /** Who is on call, over the scene's own record. (Default: nobody.) */
    onCall?: (parts: { store: Store; clock: { now(): number } }) => OnCall;
    /** What the daemon tells of itself, where it is not as the tests' own. */
    house?: Partial<HouseView>;
    /** Null for a facility that is in no group. (Default: it is in one.) */
    group?: null;
    /** Searches that people may ask for. (Default: none.) */
    searches?: (parts: { folder: string; clock: { now(): number } }) => Searches;
  } = {},
): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-web-"));
  const clock = {
    instant: NIGHT,
    now() {
      return this.instant;
    },
  };
  const record = openSqlite({
    file: join(folder, "tocsin.sqlite"),
    signingKey: makeSigningKey(join(folder, "key.pem")),
    clock,
  });
  const troubles: RuleTroubles = {
    refused: listed([]),
    inactive: listed([]),
    kept: listed([]),
    disabled: listed([]),
  };
  let writes: Write["write"][] = [];
  const store: Store = {
    ...record,
    commit(unit) {
      writes.push(...unit.writes.map((each) => each.write));
      return record.commit(unit);
    },
  };
  hashed ??= hashPassword(PASSWORD);
  const password = await hashed;
  const commit = (...unit: Write[]) => record.commit({ facility: FACILITY, at: clock.now(), writes: unit });
  for (const [login, role] of Object.entries(PEOPLE) as [Login, Account["role"]][]) {
    const id = `acc-${login}`;
    const account: Account = {
      id,
      login,
      name: `Dr ${login}`,
      role,
      function: "",
      email: "",
      phone: "01 23 45 67 89",
      active: true,
      created: NIGHT,
    };
    await commit(
      { write: "record", kind: "account", id, revision: 1, incident: null, state: role, content: account },
      {
        write: "credentials",
        credentials: { account: id, password, totp: secrets.get(login) ?? "", totpStep: 0 },
      },
    );
  }
  const desk = sceneDesk(options.dossier ?? sceneDossier(), clock);
  for (const { current } of desk.dossiers) {
    if (current === undefined) continue;
    const { declaration } = current;
    await commit({
      write: "record",
      kind: "declaration",
      id: declarationKey(declaration),
      revision: 1,
      incident: declaration.incident,
      state: declaration.state,
      content: declaration,
    });
  }

  const server = createServer().listen(options.port ?? 0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const url = `http://${options.localhost ? "localhost" : "127.0.0.1"}:${typeof address === "object" ? address?.port : 0}`;
  const alarms: Alarm[] = [];
  const logged: string[] = [];
  const quiet = (message: string, fields?: Record<string, unknown>) =>
    void logged.push(JSON.stringify({ message, ...fields }));
  const app = peopleApp({
    desk: (await options.desk?.({ store, clock })) ?? desk,
    store,
    clock,
    publicUrl: options.secure ? "https://tocsin.example" : url,
    sessionSecret: "a session secret for tests only",
    tools: new Map([["siem", { secret: TOOL_SECRET }]]),
    systems: SYSTEMS,
    sites: SITES,
    assets: ASSETS,
    masks: MASKS,
    troubles: () => troubles,
    onCall: (options.onCall ?? noOneOnCall)({ store, clock }),
    register: openRegister({
      reads: store.reads,
      facility: FACILITY,
      systems: new Map(SYSTEMS.map((each) => [each.id, each])),
      masks: MASKS,
    }),
    house: { ...houseView(NIGHT), ...options.house },
    group:
      options.group === null
        ? undefined
        : openGroup({ store, facility: FACILITY, group: GROUP, masks: MASKS, clock }),
    unknown: () =>
      unknownAssets({ reads: store.reads, facility: FACILITY, locate: locator(SYSTEMS), assets: ASSETS }),
    access: {
      // Tests of pages move the clock by hours: only those of sessions mind their idle limit.
      sessions: { ...SESSION_LIMITS, idle: SESSION_LIMITS.absolute },
      proxies: [],
      alarm: (alarm) => {
        alarms.push(alarm);
        return [];
      },
      ...options.access,
    },
    uploads: receiveFiles(join(folder, "envois")),
    searches: options.searches?.({ folder: join(folder, "recherches"), clock }),
    retention: {
      rules: RETENTION,
      inForce: true,
      eliminations: openEliminations({
        ...{ store, facility: FACILITY, rules: RETENTION, clock, newId: uuidv7(clock) },
      }),
    },
    demo: options.demo ?? false,
    log: { info: quiet, warn: quiet },
  });
  server.on("request", app);
  return {
    url,
    app,
    desk,
    store,
    uploads: join(folder, "envois"),
    clock,
    alarms,
    logged,
    troubles,
    written() {
      const seen = writes;
      writes = [];
      return seen;
    },
    code: (login) => {
      const totp = new TOTP({
        secret: Secret.fromBase32(secrets.get(login) ?? ""),
        algorithm: "SHA1",
        digits: 6,
        period: 30,
      });
      return totp.generate({ timestamp: clock.now() / 1000 });
    },
    async ticket(login, token) {
      const hash = Buffer.from(
        await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)),
      ).toString("hex");
      await commit({
        write: "ticket",
        hash,
        account: `acc-${login}`,
        expires: clock.now() + 10 * MICROSECONDS.minute,
      });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await record.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
