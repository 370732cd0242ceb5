import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Retention } from "../../../config/retention.ts";
import { anIncident, NIGHT } from "../../../test/support/incident.ts";
import { realDesk } from "../../../test/support/real-desk.ts";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Incident } from "../../core/incident.ts";
import { purge } from "../../stages/retention/purge.ts";

const REASON = "Contentieux avec un prestataire.";
const AFTER = NIGHT + 6 * 366 * MICROSECONDS.day;

let scene: Scene;
let dossier: Incident;
beforeEach(async () => {
  scene = await startScene({ desk: realDesk });
  const closure = { at: NIGHT, writer: "Dr claire", reason: "Rétabli.", from: "facts_ended" as const };
  dossier = anIncident({ facility: "chv", reference: "2026-0042", state: "closed", closure });
  const { id, state } = dossier;
  const put = { kind: "incident", id, revision: 1, incident: id, state, content: dossier } as const;
  await scene.store.commit({ facility: "chv", at: NIGHT, writes: [{ write: "record", ...put }] });
});
afterEach(() => scene.close());

async function signedIn(login: "dora" | "claire" | "anne"): Promise<Visitor> {
  const who = visitor(scene);
  await who.signIn(login);
  return who;
}
const page = () => `/chv/incidents/${dossier.id}`;
const incidentNow = async () => (await scene.store.reads.record("chv", "incident", dossier.id))?.content;
const purged = (over = {}) =>
  purge({
    ...{ store: scene.store, facility: "chv", zone: "Europe/Paris", apply: true, sorted: 0 },
    ...{ rules: Retention.parse({ public_archives: false }), now: AFTER },
    ...over,
  });

describe("a dossier whose conservation a person suspends", () => {
  it("says who and why, stays when its time is over, and goes once the suspension is lifted", async () => {
    const claire = await signedIn("claire");
    const held = await claire.submit(page(), `${page()}/conservation`, { acte: "suspendre", motif: REASON });
    expect(held.location).toContain("fait=suspendu");
    expect((await claire.get(page())).text).toMatch(
      /Suspendue .* par Dr claire.*Contentieux avec un prestataire/,
    );
    expect((await purged()).held.map(({ reference }) => reference)).toEqual(["2026-0042"]);
    await claire.submit(page(), `${page()}/conservation`, {
      acte: "lever",
      motif: "Le contentieux est clos.",
    });
    expect((await incidentNow())?.holds).toMatchObject([{ reason: REASON, lifted: { writer: "Dr claire" } }]);
    await purged();
    expect((await incidentNow())?.erased).toBeDefined();
  });

  it("is suspended once, with a reason", async () => {
    const claire = await signedIn("claire");
    const send = (motif: string) =>
      claire.submit(page(), `${page()}/conservation`, { acte: "suspendre", motif });
    expect((await send("court")).status).toBe(409);
    expect((await send(REASON)).status).toBe(303);
  });
});

describe("a dossier that was erased", () => {
  it.each(["", "/faits", "/declaration", "/suivi", "/obligations", "/decision", "/declaration/historique"])(
    "says when and by which rule it was erased on its page %s",
    async (path) => {
      const anne = await signedIn("anne");
      await purged();
      const { status, text } = await anne.get(`${page()}${path}`);
      expect(status).toBe(410);
      expect(text).toMatch(
        /Le dossier 2026-0042, clos le .*, a été effacé le .* selon la règle « dossiers clos, 1825 jours »/,
      );
    },
  );

  it("stays on lists and in the register, which say so", async () => {
    const anne = await signedIn("anne");
    /** The page once the register has been read: until then it answers 503. */
    const read = async (path: string) => {
      for (let tries = 0; ; tries += 1) {
        const reply = await anne.get(`/chv/${path}`);
        if (reply.status !== 503 || tries > 50) return reply;
      }
    };
    expect((await read("registre")).text).toContain("2026-0042");
    await purged();
    for (const list of ["incidents?etat=closed", "registre"]) {
      const { text } = await read(list);
      expect([list, text.includes("2026-0042"), text.includes("Contenu effacé le")]).toEqual([
        list,
        true,
        true,
      ]);
    }
    expect((await read("registre/export.csv")).text).toContain("2026-0042");
    expect((await read("registre/rapport")).status).toBe(200);
  });

  it("takes no act any more", async () => {
    const claire = await signedIn("claire");
    await purged();
    const actor = { id: "acc-claire", name: "Dr claire", role: "delegate", active: true } as const;
    const desk = await realDesk(scene);
    expect(await desk.reopen({ incident: dossier.id, reason: REASON }, actor)).toMatchObject({
      code: "erased",
    });
    const csrf = /name="csrf" value="([^"]+)"/.exec((await claire.get("/chv/acces")).text)?.[1] ?? "";
    expect((await claire.post(`${page()}/rouvrir`, { csrf, reason: REASON })).status).toBe(410);
  });
});

describe("the list of dossiers for elimination", () => {
  it("is made by who may, is signed by its fingerprint, and only then lets the dossiers go", async () => {
    scene.clock.instant = AFTER;
    const [dora, anne] = [await signedIn("dora"), await signedIn("anne")];
    expect((await anne.get("/chv/conservation")).text).toContain("2026-0042");
    expect((await anne.get("/chv/conservation")).text).not.toContain("Établir le bordereau</button>");
    const made = await dora.submit("/chv/conservation", "/chv/conservation/bordereaux", {});
    const list = made.location ?? "";
    const { text } = await dora.get(list);
    expect(text).toContain("2026-0042");
    const sha256 = /name="sha256" value="([0-9a-f]{64})"/.exec(text)?.[1] ?? "";
    expect((await anne.get(`${list}/liste.csv`)).text).toContain(`2026-0042`);
    const visa = { by: "Service des archives", date: "2032-01-05", reference: "V-12" };
    const rules = Retention.parse({});
    const other = { ...visa, sha256: "0".repeat(64) };
    expect((await dora.submit(list, `${list}/visa`, other)).status).toBe(409);
    await purged({ rules });
    expect((await incidentNow())?.erased).toBeUndefined();
    expect((await dora.submit(list, `${list}/visa`, { ...visa, sha256 })).status).toBe(303);
    expect((await anne.get(list)).text).toContain("référence V-12");
    await purged({ rules });
    expect((await incidentNow())?.erased?.policy).toBe("dossiers clos, 1825 jours, visa V-12");
  });

  it("is taken back with a reason, and its dossiers are proposed again", async () => {
    scene.clock.instant = AFTER;
    const dora = await signedIn("dora");
    const { location = "" } = await dora.submit("/chv/conservation", "/chv/conservation/bordereaux", {});
    const list = location ?? "";
    expect((await dora.get("/chv/conservation")).text).toContain("Aucun dossier n’attend");
    expect((await dora.submit(list, `${list}/retirer`, { motif: "Une erreur de date." })).status).toBe(303);
    expect((await dora.get("/chv/conservation")).text).toContain("Établir le bordereau</button>");
  });
});
