import { afterEach, describe, expect, it } from "vitest";
import type { Attempt } from "../../../connectors/contract.ts";
import { approvedText, deliveryBy, deliveryStates, dossierOf } from "../../../test/support/approved-text.ts";
import type { Stages, StagesOptions } from "../../../test/support/pipeline.ts";
import type { WayOut } from "../work.ts";

const PORTAL: WayOut = { id: "portail", reach: "assisted" };
const TOLD: WayOut = { id: "fssi", reach: "authority", kind: "information" };

let stages: Stages;
afterEach(() => stages.close());

/** A text that was approved, and what its first way answers. */
async function approved(options: StagesOptions, ...answers: Attempt[]): Promise<string> {
  const made = await approvedText(options, ...answers);
  stages = made.stages;
  return made.incident;
}
const dossier = (incident: string) => dossierOf(stages, incident);
const states = (incident: string) => deliveryStates(stages, incident);
const idOf = (incident: string, way: string) => deliveryBy(stages, incident, way);

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
