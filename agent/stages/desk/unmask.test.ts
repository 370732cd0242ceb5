import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DELETED, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import type { Actor } from "../person-act.ts";

/** Invented: the key is right. */
const NIR = "1 85 05 78 006 084 91";
const SECRETS = ["185057800608491", NIR, "8001234567", "DUPONT", "06 01 02 03 04", "12/05/1985"];
const PATIENT = `patient DUPONT Jean né le 12/05/1985 NIR ${NIR} IPP 8001234567 tel 06 01 02 03 04`;
const REASON = "Vérifier avec le service si le dossier est atteint.";

let stages: Stages;
let id: string;
beforeEach(async () => {
  stages = await openStages();
  // A host that nobody described is named in facts, drafts and criteria.
  await stages.take(
    { ...DELETED, host: "185057800608491", message: `${DELETED.message} ${PATIENT}` },
    { ...NOTE, message: `${NOTE.message} ${PATIENT}` },
  );
  const [first] = await stages.desk.incidents({ limit: 1 });
  id = first?.incident.id ?? "";
});
afterEach(() => stages.close());

const actor = (role: Actor["role"], active = true): Actor => ({
  id: `acc-${role}`,
  name: "Ève Petit",
  role,
  active,
});
const notes = async (what: string) =>
  (await stages.store.reads.journalOf("ch-exemple", id))
    .filter(({ type }) => type === `note.${what}`)
    .map(({ content, at }) => ({ at, ...JSON.parse(content ?? "") }));
const alertOf = async () =>
  (await stages.desk.dossier(id))?.evidence.find(({ masked }) => masked > 1)?.alert ?? "";

describe("a patient named by an alert", () => {
  it("is in the stored alert, and in nothing that is drafted, told, listed or shown", async () => {
    await stages.sweeper.sweep();
    const dossier = await stages.desk.dossier(id);
    expect(stages.messages.length).toBeGreaterThan(0);
    expect(dossier?.current?.content.text).toContain("[NIR masqué ");
    const left = JSON.stringify([dossier, stages.messages, await stages.desk.incidents({ limit: 9 })]);
    for (const secret of SECRETS) expect(left).not.toContain(secret);
    const stored = await stages.store.reads.alert("ch-exemple", await alertOf());
    expect(JSON.stringify(stored)).toContain(NIR);
  });

  it("is not in what is sent, nor in a text that a person corrects", async () => {
    const text = async () => {
      const declaration = (await stages.desk.dossier(id))?.current?.declaration;
      const { version = 0, sha256 = "" } = declaration ?? {};
      return { incident: id, declaration: declaration?.id ?? "", version, sha256 };
    };
    await stages.desk.takeUp(id, stages.delegate);
    const fields = [{ id: "description", value: `Le dossier de ${PATIENT}.`, unknown: false }];
    await stages.desk.amend({ text: await text(), fields }, stages.delegate);
    await stages.desk.approve(await text(), { channel: "web", second_factor: "totp" }, stages.delegate);
    await stages.sweeper.sweep();
    const sent = stages.filings.map(({ bytes }) => Buffer.from(bytes).toString("utf8")).join();
    expect(sent).toContain("Le dossier de patient [nom masqué ");
    for (const secret of SECRETS) expect(sent).not.toContain(secret);
  });

  it("keeps one mark through the incident", async () => {
    const dossier = await stages.desk.dossier(id);
    const marks = JSON.stringify(dossier).match(/\[NIR masqué \w{5}\]/g) ?? [];
    expect(marks.length).toBeGreaterThan(3);
    expect(new Set(marks).size).toBe(1);
  });

  it("leaves counts by kind in the journal when a draft is written, never a value", async () => {
    const [note] = await notes("masked");
    expect(note).toMatchObject({ version: 1, counts: { NIR: expect.any(Number) } });
    for (const secret of SECRETS) expect(JSON.stringify(await notes("masked"))).not.toContain(secret);
  });
});

describe("unmasking", () => {
  it.each(["delegate", "director", "rssi"] as const)(
    "gives a %s the original, and journals who, which, why, when",
    async (role) => {
      const alert = await alertOf();
      const done = await stages.desk.unmask({ incident: id, alert, reason: REASON }, actor(role));
      expect(done).toMatchObject({ outcome: "unmasked", original: expect.stringContaining(NIR) });
      expect(await notes("unmasked")).toEqual([
        { at: stages.clock.now(), alert, account: `acc-${role}`, name: "Ève Petit", role, reason: REASON },
      ]);
    },
  );

  it.each<[string, Actor, { alert?: string; reason?: string; incident?: string }, string]>([
    ["an operator", actor("operator"), {}, "not_allowed"],
    ["an auditor", actor("auditor"), {}, "not_allowed"],
    ["an account that was closed", actor("director", false), {}, "not_allowed"],
    ["no reason", actor("rssi"), { reason: "  pour voir " }, "reason_missing"],
    ["a reason without end", actor("rssi"), { reason: "x".repeat(501) }, "reason_missing"],
    ["an alert of no incident", actor("rssi"), { alert: "elsewhere" }, "unknown_alert"],
    ["no such incident", actor("rssi"), { incident: "elsewhere" }, "unknown_incident"],
  ])("is refused to %s, and nothing is journalled", async (_, who, changed, code) => {
    const request = { incident: id, alert: await alertOf(), reason: REASON, ...changed };
    expect(await stages.desk.unmask(request, who)).toMatchObject({ outcome: "refused", code });
    expect(await notes("unmasked")).toEqual([]);
  });

  it("keeps the patient out of the journal even when the reason names him", async () => {
    const request = { incident: id, alert: await alertOf(), reason: `Vérifier le NIR ${NIR}` };
    expect(await stages.desk.unmask(request, actor("rssi"))).toMatchObject({ outcome: "unmasked" });
    expect(await notes("unmasked")).toMatchObject([
      { reason: expect.stringMatching(/^Vérifier le NIR \[NIR masqué \w{5}\]$/) },
    ]);
  });

  it("shows nothing when the journal cannot be written", async () => {
    const { commit } = stages.store;
    const alert = await alertOf();
    stages.store.commit = async () => ({ outcome: "conflict", write: 0, because: "test" });
    const done = await stages.desk.unmask({ incident: id, alert, reason: REASON }, actor("rssi"));
    stages.store.commit = commit;
    expect(done).toMatchObject({ outcome: "refused", code: "not_recorded" });
  });
});
