import { Secret, TOTP } from "otpauth";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import type { Elimination } from "../../agent/core/elimination.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import type { Role } from "../../agent/core/person.ts";
import type { Desk } from "../../agent/stages/desk/desk.ts";
import type { WayOut } from "../../agent/stages/work.ts";
import type { Write } from "../../agent/store/store.ts";
import { createAccount } from "../../agent/web/accounts.ts";
import { anIncident } from "./incident.ts";
import { realDesk } from "./real-desk.ts";
import { scriptedSearches } from "./searches.ts";
import { changePerson } from "./web-people.ts";
import type { RouteRow, VisitorKind } from "./web-routes.ts";
import { PASSWORD, type Scene, startScene } from "./web-server.ts";
import { type Visitor, visitor } from "./web-visitor.ts";

const PAGE = "/chv/connexion";

/** One of every kind of person, each with a session, before a dossier with a text and one merged into it. */
export interface House {
  scene: Scene;
  desk: Desk;
  people: Readonly<Record<VisitorKind, Visitor>>;
  ids: { main: string; merged: string; elsewhere: string; outside: string; person: string };
}

/** Opens the people's listener with every way in, and signs everyone in. */
export async function openHouse({ ways = [] }: { ways?: WayOut[] } = {}): Promise<House> {
  let desk: Desk | undefined;
  const scene = await startScene({
    demo: true,
    localhost: true,
    searches: scriptedSearches().open,
    access: {
      oidc: {
        label: "l'annuaire du CH",
        // Nothing listens there.
        issuer: "http://127.0.0.1:1",
        clientId: "tocsin",
        clientSecret: "secret",
        clientAuthentication: "client_secret_basic",
        scope: "openid",
        claim: "email",
        match: "email",
        dependsOn: [],
      },
    },
    desk: async (parts) => {
      desk = await realDesk({ ...parts, ways });
      return desk;
    },
  });
  if (desk === undefined) throw new Error("no desk");
  const { store, clock } = scene;

  const actor = { id: "acc-remi", name: "Dr remi", role: "rssi", active: true } as const;
  const open = async (kinds: ["degraded_mode"] | ["care_interrupted"]) => {
    const source = { who: "self", name: "" } as const;
    const statement = { form: desk?.newForm() ?? "", kinds, systems: [], source, text: "" };
    const done = await desk?.openByHand(statement, actor);
    if (done?.outcome !== "opened") throw new Error("no incident opened");
    return done.incident;
  };
  const main = await open(["degraded_mode"]);
  const merged = await open(["care_interrupted"]);
  const merging = { incident: main, other: merged, reason: "Le même arrêt du réseau." };
  const done = await desk.merge(merging, actor);
  if (done.outcome !== "merged") throw new Error(done.because);
  // So that the text of another duty stands too.
  await desk.answer({ incident: main, question: "personal_data", answer: "yes" }, actor);
  const foreign = anIncident({ id: "inc-elsewhere", facility: "autre" });
  const write: Write = {
    write: "record",
    kind: "incident",
    id: foreign.id,
    revision: 1,
    incident: foreign.id,
    state: foreign.state,
    content: foreign,
  };
  await store.commit({ facility: "autre", at: clock.now(), writes: [write] });
  const list: Elimination = {
    ...{ id: "liste-0", state: "proposed", made: { at: clock.now(), account: "acc-dora", name: "Dr dora" } },
    ...{ policy: "dossiers clos, 1825 jours", dossiers: [], sha256: "1".repeat(64), visa: null },
  };
  const listed = {
    kind: "elimination",
    id: list.id,
    revision: 1,
    incident: null,
    state: list.state,
  } as const;
  const put: Write = { write: "record", ...listed, content: list };
  await store.commit({ facility: "chv", at: clock.now(), writes: [put] });

  const make = async (login: string, role: Role, sealedBy?: string) =>
    createAccount(
      { store, clock, facility: { id: "chv", name: "CH" }, newId: uuidv7(clock) },
      {
        login,
        name: `Dr ${login}`,
        role,
        function: "",
        email: "",
        phone: "01 23 45 67 89",
        password: PASSWORD,
        sealedBy,
      },
    );
  const enter = async (login: string, code: string): Promise<Visitor> => {
    const who = visitor(scene);
    const reply = await who.submit(PAGE, PAGE, { login, password: PASSWORD, code });
    if (reply.status !== 303) throw new Error(`sign-in of ${login} gave ${reply.status}`);
    return who;
  };
  const codeOf = (secret: string) =>
    new TOTP({ secret: Secret.fromBase32(secret), algorithm: "SHA1", digits: 6, period: 30 }).generate({
      timestamp: clock.now() / 1000,
    });
  const known = (login: "claire" | "dora" | "remi" | "omar" | "anne") => enter(login, scene.code(login));

  const paul = await make("paul", "dpo");
  const lise = await make("lise", "delegate");
  const ines = await make("ines", "delegate");
  const [shut, opened] = [
    await make("secours-1", "delegate", "Dr dora"),
    await make("secours-2", "delegate", "Dr dora"),
  ];
  const people: Record<VisitorKind, Visitor> = {
    delegate: await known("claire"),
    director: await known("dora"),
    rssi: await known("remi"),
    operator: await known("omar"),
    auditor: await known("anne"),
    dpo: await enter("paul", codeOf(paul.totp)),
    lapsed: await enter("lise", codeOf(lise.totp)),
    inactive: await enter("ines", codeOf(ines.totp)),
    sealed: await enter("secours-1", shut.recovery[0] ?? ""),
    emergency: await enter("secours-2", opened.recovery[0] ?? ""),
    "signed out": visitor(scene),
  };
  await people.emergency.submit("/chv/secours", "/chv/secours", {
    name: "Camille Exemple",
    reason: "Téléphone perdu",
  });
  const past = { from: 0, until: 1, by: "Dr dora", document: "2020-1", scope: "", published: "" };
  const delegations = [{ ...past, recorded: { at: 0, by: "Dr dora" } }];
  await changePerson(scene, lise.account.id, { delegations });
  await changePerson(scene, ines.account.id, { active: false });

  const outside = "/chv/registre/hors-tocsin";
  const written = await people.rssi.submit(outside, outside, {
    declared_date: "2026-11-14",
    what: "Panne de la messagerie",
    where: "ARS",
    by: "Dr remi",
  });
  if (written.status !== 303) throw new Error(`outside declaration gave ${written.status} ${written.text}`);
  clock.instant += MICROSECONDS.minute;
  return {
    scene,
    desk,
    people,
    ids: {
      main,
      merged,
      elsewhere: foreign.id,
      outside: written.location?.split("?")[0]?.split("/").at(-1) ?? "",
      person: "acc-omar",
    },
  };
}

/** The address of a route, with ids that are there unless others are given. */
export function addressIn(
  { ids }: Pick<House, "ids">,
  { route }: Pick<RouteRow, "route">,
  given: Partial<Record<"incident" | "other", string>> = {},
): string {
  const path = route.slice(route.indexOf(" ") + 1);
  const known = path
    .replace(":facility", "chv")
    .replace("/incidents/:id", `/incidents/${encodeURIComponent(given.incident ?? ids.main)}`)
    .replace("/bordereaux/:id", "/bordereaux/liste-0")
    .replace("/personnes/:id", `/personnes/${given.other ?? ids.person}`)
    .replace("/hors-tocsin/:id", `/hors-tocsin/${given.other ?? ids.outside}`)
    .replace(":note/pieces/:number", "note-0/pieces/1")
    .replace(":regime", "rgpd-33")
    .replace(":version", "1")
    .replace(":format", "csv");
  return path === "/" || path.startsWith("/api/") || path.startsWith("/:facility") ? known : `/chv${known}`;
}
