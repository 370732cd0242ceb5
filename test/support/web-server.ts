import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret, TOTP } from "otpauth";
import { Asset } from "../../agent/core/asset.ts";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import { contentOf, type DeclarationContent, declarationKey } from "../../agent/core/declaration.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import { type Account, mayAct } from "../../agent/core/person.ts";
import { listed, type RuleTroubles } from "../../agent/core/rule-troubles.ts";
import type { Actor, Answer, Desk, Dossier, Refused, Stale, TextSeen } from "../../agent/stages/desk/desk.ts";
import { locator } from "../../agent/stages/locate.ts";
import { maskDossier } from "../../agent/stages/mask-dossier.ts";
import { unknownAssets } from "../../agent/stages/note-unknown.ts";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import type { Store, Write } from "../../agent/store/store.ts";
import { hashPassword } from "../../agent/web/password.ts";
import { peopleApp } from "../../agent/web/server.ts";
import { MASKS } from "./masks.ts";
import { draftOf, NIGHT, SYSTEMS } from "./web-declaration.ts";
import { sceneDossier } from "./web-scene.ts";

const FACILITY = "chv";
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

/** What the desk of tests gives to who asks for an original: an invented person. */
export const ORIGINAL = "patient DUPONT Jean, NIR 1 85 05 78 006 084 91";

/** A desk that keeps one dossier in memory and behaves as the real one promises. */
interface SceneDesk extends Desk {
  dossiers: Dossier[];
  answers: { answer: Answer; actor: Actor }[];
  unmasked: { incident: string; alert: string; reason: string; actor: string }[];
  flags: { incident: string; holds: boolean }[];
  mode: Desk["mode"];
}

export interface Scene {
  url: string;
  desk: SceneDesk;
  store: Store;
  clock: { instant: number; now(): number };
  /** What of the rules does not run; none at first. */
  troubles: RuleTroubles;
  /** Units committed since the last reading of this list. */
  written(): Write["write"][];
  code(login: Login): string;
  ticket(login: Login, token: string): Promise<void>;
  close(): Promise<void>;
}

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
    port?: number;
    /** The desk that the pages ask, over the scene's own record. (Default: one of one dossier.) */
    desk?: (parts: { store: Store; clock: { now(): number } }) => Promise<Desk>;
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
      phone: "",
      active: true,
      created: NIGHT,
    };
    await commit(
      { write: "record", kind: "account", id, revision: 1, incident: null, state: null, content: account },
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
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const quiet = () => {};
  server.on(
    "request",
    peopleApp({
      desk: (await options.desk?.({ store, clock })) ?? desk,
      store,
      clock,
      publicUrl: options.secure ? "https://tocsin.example" : url,
      sessionSecret: "a session secret for tests only",
      tools: new Map([["siem", { secret: TOOL_SECRET }]]),
      systems: SYSTEMS,
      masks: MASKS,
      troubles: () => troubles,
      unknown: () =>
        unknownAssets({ reads: store.reads, facility: FACILITY, locate: locator(SYSTEMS), assets: ASSETS }),
      demo: options.demo ?? false,
      log: { info: quiet, warn: quiet },
    }),
  );
  return {
    url,
    desk,
    store,
    clock,
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

function sceneDesk(first: Dossier, clock: { now(): number }): SceneDesk {
  const newId = uuidv7({ now: () => clock.now() });
  const refused: Refused = {
    outcome: "refused",
    code: "not_allowed",
    because: "Votre rôle ne permet pas cet acte.",
  };
  const desk: SceneDesk = {
    facility: { id: FACILITY, name: "Centre hospitalier du Val", timeZone: "Europe/Paris" },
    mode: "exercise",
    fixedFields: new Set(["declarant_name"]),
    systems: SYSTEMS,
    newForm: newId,
    openByHand: async () => refused,
    stateFacts: async () => refused,
    endFact: async () => refused,
    withdrawFact: async () => refused,
    thisMonth: () => "2026-11",
    closings: async (month) =>
      MASKS.every({ month, over: false, closings: [], sha256: "", signed: [] }, { incident: null }),
    closeByHand: async () => refused,
    reopen: async () => refused,
    signOff: async () => refused,
    merge: async () => refused,
    keepApart: async () => refused,
    split: async () => refused,
    undoRegrouping: async () => refused,
    settleClock: async () => refused,
    dossiers: [first],
    answers: [],
    unmasked: [],
    flags: [],
    async incidents({ states, limit }) {
      return desk.dossiers
        .filter(({ incident }) => states === undefined || states.includes(incident.state))
        .slice(0, limit)
        .map(({ incident, qualification }) =>
          MASKS.every({ incident, sentence: qualification?.sentence ?? null }, { incident: incident.id }),
        );
    },
    async dossier(id) {
      const found = desk.dossiers.find(({ incident }) => incident.id === id);
      const state = found?.current?.declaration.state;
      if (found !== undefined && (state === "approved" || state === "filed")) found.filing = found.current;
      return found && maskDossier(found, MASKS);
    },
    async unmask({ incident, alert, reason }, actor) {
      if (!mayAct(actor, "unmask")) return refused;
      desk.unmasked.push({ incident, alert, reason, actor: actor.id });
      return { outcome: "unmasked", original: ORIGINAL };
    },
    async takeUp(incident, actor) {
      if (!mayAct(actor, "answer")) return refused;
      const dossier = desk.dossiers.find((each) => each.incident.id === incident);
      if (dossier === undefined) return refused;
      dossier.incident = { ...dossier.incident, found: clock.now(), declarant: actor.id };
      return { outcome: "taken_up" };
    },
    async answer(answer, actor) {
      if (!mayAct(actor, "answer")) return refused;
      desk.answers.push({ answer, actor });
      return { outcome: "answered" };
    },
    async flagSecret({ incident, holds }, actor) {
      if (!mayAct(actor, holds ? "answer" : "decide")) return refused;
      desk.flags.push({ incident, holds });
      return { outcome: "flagged" };
    },
    async amend({ text, fields }, actor) {
      if (!mayAct(actor, "edit")) return refused;
      const found = seen(text);
      if ("outcome" in found) return found;
      const change = new Map(fields.map((each) => [each.id, each]));
      const { content } = found;
      const next: DeclarationContent = {
        ...content,
        version: content.version + 1,
        sections: content.sections.map((section) => ({
          ...section,
          fields: section.fields.map((field) => ({
            ...field,
            ...(change.has(field.id)
              ? {
                  ...change.get(field.id),
                  provenance: { by: "person", name: actor.name, at: clock.now() } as const,
                }
              : {}),
          })),
        })),
      };
      redraft(text.incident, next);
      return { outcome: "amended", declaration: draftOf(next) };
    },
    approve: async (text, how, actor) => {
      if (!mayAct(actor, "decide")) return refused;
      return settle(text, { decision: "approved", how, reason: null }, actor) as never;
    },
    setAside: async (text, reason, how, actor) => {
      if (!mayAct(actor, "decide")) return refused;
      return settle(text, { decision: "set_aside", how, reason }, actor) as never;
    },
    async recordFiling({ incident, delivery, reference }, actor) {
      if (!mayAct(actor, "record_filing")) return refused;
      const dossier = desk.dossiers.find((each) => each.incident.id === incident);
      const planned = dossier?.deliveries.find((each) => each.id === delivery);
      if (dossier?.current === undefined || planned === undefined) {
        return { outcome: "refused", code: "unknown_delivery", because: "Cet envoi n'existe pas." };
      }
      Object.assign(planned, { state: "delivered", reference, settled: clock.now() });
      dossier.current.declaration = { ...dossier.current.declaration, state: "filed" };
      dossier.incident = { ...dossier.incident, state: "declared" };
      return { outcome: "recorded", delivery: planned };
    },
  };

  function seen(text: TextSeen): { content: DeclarationContent; dossier: Dossier } | Stale {
    const dossier = desk.dossiers.find(({ incident }) => incident.id === text.incident);
    const declaration = dossier?.current?.declaration;
    if (
      dossier !== undefined &&
      declaration?.version === text.version &&
      declaration.sha256 === text.sha256
    ) {
      return { content: contentOf(declaration), dossier };
    }
    const { id = "", version = 0, sha256 = "" } = declaration ?? {};
    return {
      outcome: "stale",
      current: declaration === undefined ? null : { declaration: id, version, sha256 },
    };
  }

  function redraft(incident: string, content: DeclarationContent): void {
    const dossier = desk.dossiers.find((each) => each.incident.id === incident);
    if (dossier === undefined) return;
    const declaration = draftOf(content);
    dossier.declarations = [...dossier.declarations, declaration];
    dossier.current = { declaration, content: contentOf(declaration) };
  }

  function settle(
    text: TextSeen,
    what: Pick<Dossier["decisions"][number], "decision" | "how" | "reason">,
    actor: Actor,
  ): { outcome: "approved" | "set_aside"; decision: Dossier["decisions"][number] } | Stale {
    const found = seen(text);
    if ("outcome" in found) return found;
    const { dossier, content } = found;
    const declaration = draftOf(content, what.decision);
    const decision = {
      id: newId(),
      incident: text.incident,
      declaration: text.declaration,
      version: text.version,
      sha256: text.sha256,
      delegate: { account: actor.id, name: actor.name },
      at: clock.now(),
      ...what,
    };
    dossier.current = { declaration, content: contentOf(declaration) };
    dossier.declarations = [...dossier.declarations.slice(0, -1), declaration];
    dossier.decisions = [...dossier.decisions, decision];
    dossier.incident = { ...dossier.incident, state: what.decision };
    if (what.decision === "approved") {
      dossier.deliveries = [
        {
          id: "del-1",
          incident: text.incident,
          declaration: text.declaration,
          version: text.version,
          sha256: text.sha256,
          kind: "declaration",
          channel: "portail",
          reach: "assisted",
          state: "planned",
          attempts: [],
          reference: null,
          planned: clock.now(),
          settled: null,
          exercise: content.exercise,
        },
      ];
    }
    return { outcome: what.decision, decision };
  }

  return desk;
}
