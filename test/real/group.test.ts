import { afterAll, beforeAll, expect, it } from "vitest";
import { openPostgresReads } from "../../agent/store/postgres/reads.ts";
import {
  codeOf,
  type Daemon,
  eventually,
  type House,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";
import { type SecuredDatabase, securedDatabase } from "../support/facility-roles.ts";
import { describePeer } from "../support/peer.ts";
import { type PostgresServer, postgresServer, startPostgres } from "../support/postgres.ts";
import { type Visitor, visitor } from "../support/web-visitor.ts";

const FACILITIES = { chx: "CH X", chy: "CH Y", chz: "CH Z" } as const;
type Name = "chx" | "chy";
const REASON = "Le même compte de télémaintenance des deux côtés.";

/** All in the configuration of each: CH Z has not begun yet. */
const group = (members: string) =>
  `group: { name: GHT, facilities: [${Object.entries(FACILITIES)
    .map(([id, name]) => `{ id: ${id}, name: ${name} }`)
    .join(", ")}], members: [${members}] }`;

describePeer(postgresServer, "two facilities in one PostgreSQL, each under a role of its own", () => {
  let server: PostgresServer;
  let database: SecuredDatabase;
  const houses = {} as Record<Name, House>;
  const daemons = {} as Record<Name, Daemon>;
  /** Of Anne Martin, a member on both sides. */
  const sessions = {} as Record<Name, Visitor>;
  const incidents = {} as Record<Name, { id: string; reference: string }>;

  beforeAll(async () => {
    server = await startPostgres();
    database = await securedDatabase(server, {
      role_chx: { chx: "writes", chy: "reads", chz: "reads" },
      role_chy: { chy: "writes", chx: "reads" },
    });
    for (const facility of ["chx", "chy"] as const) {
      const record = database.as(`role_${facility}`);
      houses[facility] = await makeHouse({ facility, record, more: group("anne.martin") });
      daemons[facility] = await startDaemon(houses[facility]);
      await post(daemons[facility], "generic", houses[facility].tokens.generic, relevant(facility));
      const reads = await openPostgresReads(record);
      const found = await eventually(`an incident of ${facility}`, async () =>
        (await reads.byState(facility, "incident", [], { limit: 1 })).at(0),
      );
      incidents[facility] = found.content;
      await reads.close();
      sessions[facility] = await enter(facility, "anne.martin");
    }
  }, 60_000);
  afterAll(async () => {
    await Promise.all(Object.values(daemons).map((each) => each.end("SIGKILL")));
    for (const house of Object.values(houses)) house.remove();
    await server.stop();
  });

  /** Signs somebody of a facility in; a code serves once. */
  async function enter(facility: Name, login: "anne.martin" | "paul.durand"): Promise<Visitor> {
    const clock = { instant: 0, now: () => 0 };
    const who = visitor({ url: daemons[facility].people, code: () => "", clock });
    const account = houses[facility].accounts[login];
    const page = `/${facility}/connexion`;
    const fields = { login, password: account.password, code: codeOf(account) };
    expect((await who.submit(page, page, fields)).status).toBe(303);
    return who;
  }

  it("shows a member both and what cannot be read, and refuses who is none", async () => {
    const anne = sessions.chx;
    const { text } = await anne.get("/chx/groupe");
    const [ours = "", theirs = "", third = ""] = text.split(/<section class="group"/).slice(1);
    expect(ours).toContain(incidents.chx.reference);
    expect(theirs).toContain(incidents.chy.reference);
    // By the name that CH Y itself gave to it.
    expect(theirs).toContain("PACS");
    expect(theirs).toContain("EXERCICE");
    expect(third).toContain("Rien n’est lisible d’ici.");
    const paul = await enter("chx", "paul.durand");
    expect((await paul.get("/chx/groupe")).status).toBe(403);
    expect((await anne.get("/chy/groupe")).status).toBe(404);
  }, 30_000);

  it("links two dossiers by a record on each side, each written by its own facility", async () => {
    const [anneX, anneY] = [sessions.chx, sessions.chy];
    const [x, y] = [`/chx/incidents/${incidents.chx.id}`, `/chy/incidents/${incidents.chy.id}`];
    const linking = { etablissement: "chy", autre: incidents.chy.reference, motif: REASON };
    const linked = await anneX.submit(x, "/chx/groupe/lier", linking);
    expect(linked.location).toBe(`${x}?fait=lie#groupe`);
    const proposed = await anneY.get(y);
    expect(proposed.text).toContain(`a lié son dossier ${incidents.chx.reference} à celui-ci`);
    const confirmed = await anneY.submit(y, `${y}/groupe/confirmer`, { motif: REASON });
    expect(confirmed.location).toBe(`${y}?fait=lie#groupe`);
    expect((await anneX.get(x)).text).toContain("déclaré des deux côtés");
    const written = await server.ask(
      "SELECT facility, incident FROM records WHERE kind = 'group_link' ORDER BY facility",
      database.name,
    );
    expect(written).toEqual([
      { facility: "chx", incident: incidents.chx.id },
      { facility: "chy", incident: incidents.chy.id },
    ]);
    const traces = await server.ask(
      "SELECT facility FROM journal WHERE type = 'note.group_read'",
      database.name,
    );
    expect(traces).toEqual([{ facility: "chx" }]);
  }, 60_000);

  it("says so once a right is taken back, while both go on", async () => {
    await server.ask(
      "DELETE FROM facility_roles WHERE role = 'role_chx' AND facility = 'chy'",
      database.name,
    );
    const anne = sessions.chx;
    const { text } = await anne.get("/chx/groupe?etablissement=chy");
    expect(text).toContain("Rien n’est lisible d’ici.");
    expect((await anne.get(`/chx/incidents/${incidents.chx.id}`)).status).toBe(200);
    for (const facility of ["chx", "chy"] as const) {
      const answer = await post(daemons[facility], "generic", houses[facility].tokens.generic, relevant("b"));
      expect(answer.status).toBe(202);
    }
  }, 30_000);
});
