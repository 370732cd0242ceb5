import { afterEach, describe, expect, it } from "vitest";
import type { Attempt } from "../../../connectors/contract.ts";
import { DELETED, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import type { WayOut } from "../work.ts";

const PORTAL: WayOut = { id: "portail", reach: "assisted" };
const TOLD: WayOut = { id: "fssi", reach: "authority", kind: "information" };

let stages: Stages;
afterEach(() => stages.close());

/** A text that was approved, everybody told of it, and what its first way answers; nothing of it was sent yet. */
async function approved(options: Parameters<typeof openStages>[0], ...answers: Attempt[]): Promise<string> {
  stages = await openStages({ mode: "live", repeatable: false, ...options });
  await stages.take(DELETED, NOTE);
  await stages.sweeper.sweep();
  const [first] = await stages.desk.incidents({ limit: 1 });
  const incident = first?.incident.id ?? "";
  stages.answers.push(...answers);
  await approve(incident);
  return incident;
}

async function approve(incident: string): Promise<void> {
  const found = await stages.desk.dossier(incident);
  const { id, version, sha256 } = found?.current?.declaration ?? { id: "", version: 0, sha256: "" };
  const text = { incident, declaration: id, version, sha256 };
  const done = await stages.desk.approve(text, { channel: "web", second_factor: "totp" }, stages.delegate);
  expect(done.outcome).toBe("approved");
}

const dossier = async (incident: string) => {
  const found = await stages.desk.dossier(incident);
  if (found === undefined) throw new Error("no dossier");
  return found;
};
const states = async (incident: string) =>
  Object.fromEntries((await dossier(incident)).deliveries.map(({ channel, state }) => [channel, state]));
const idOf = async (incident: string, channel: string) =>
  (await dossier(incident)).deliveries.find((each) => each.channel === channel)?.id ?? "";

describe("a message that comes back", () => {
  it("an information that a relay took may be noted as come back, with its reason, and sent again", async () => {
    const incident = await approved({ ways: [PORTAL, TOLD] });
    await stages.desk.startDelivery({ incident, channel: "fssi" }, stages.delegate);
    await stages.sweeper.sweep();
    const delivery = await idOf(incident, "fssi");
    const bounce = (reason: string) =>
      stages.desk.recordLost({ incident, delivery, reason }, stages.delegate);
    expect(await bounce("Non")).toMatchObject({ code: "reason_missing" });
    expect(await bounce("Boîte pleine, message du relais.")).toEqual({ outcome: "noted" });
    const found = (await dossier(incident)).deliveries.find(({ id }) => id === delivery);
    expect(found).toMatchObject({ state: "refused" });
    expect(found?.attempts.at(-1)?.because).toMatch(/^Revenu non remis, d'après .* : Boîte pleine/);
    expect(await bounce("Une seconde fois noté.")).toMatchObject({ code: "not_uncertain" });
    const again = { incident, delivery, reason: "Boîte vidée, dit au téléphone." };
    expect(await stages.desk.resend(again, stages.delegate)).toEqual({ outcome: "planned" });
    await stages.sweeper.sweep();
    expect((await states(incident)).fssi).toBe("delivered");
    expect(stages.filings).toHaveLength(2);
  });

  it("a declaration that was delivered is never said to have come back", async () => {
    const incident = await approved({ ways: [PORTAL] });
    const delivery = await idOf(incident, "portail");
    await stages.desk.recordFiling({ incident, delivery, reference: "SIG-1" }, stages.delegate);
    const lost = { incident, delivery, reason: "Message de non-remise." };
    expect(await stages.desk.recordLost(lost, stages.delegate)).toMatchObject({ code: "not_ended" });
  });
});
