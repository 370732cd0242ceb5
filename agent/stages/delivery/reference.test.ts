import { afterEach, describe, expect, it } from "vitest";
import { approvedText, deliveryBy, deliveryStates, dossierOf } from "../../../test/support/approved-text.ts";
import type { Stages } from "../../../test/support/pipeline.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { WayOut } from "../work.ts";

const PORTAL: WayOut = { id: "portail", reach: "assisted" };

let stages: Stages;
afterEach(() => stages?.close());

/** An approved text that waits to be filed on the portal. */
async function toFile(): Promise<string> {
  const made = await approvedText({ ways: [PORTAL] });
  stages = made.stages;
  return made.incident;
}

describe("a reference", () => {
  it.each([
    ["of our own", (incident: { reference: string }) => incident.reference],
    ["that another filing has", () => "SIG-0007"],
  ])("%s is doubted, and taken once confirmed", async (_, given) => {
    const incident = await toFile();
    await stages.store.commit({
      facility: "ch-exemple",
      at: stages.clock.now(),
      writes: [
        {
          write: "record",
          kind: "delivery",
          id: "autre",
          revision: 1,
          incident: null,
          state: "delivered",
          content: {
            ...((await dossierOf(stages, incident)).deliveries[0] as never as object),
            id: "autre",
            incident: "autre",
            reference: "SIG-0007",
            state: "delivered",
          } as never,
        },
      ],
    });
    const found = await dossierOf(stages, incident);
    const filing = {
      incident,
      delivery: await deliveryBy(stages, incident, "portail"),
      reference: given(found.incident),
    };
    expect(await stages.desk.recordFiling(filing, stages.delegate)).toMatchObject({
      code: "reference_doubtful",
    });
    expect((await deliveryStates(stages, incident)).portail).toBe("planned");
    const confirmed = await stages.desk.recordFiling({ ...filing, confirmed: true }, stages.delegate);
    expect(confirmed.outcome).toBe("recorded");
  });

  it("is dated when it was given, never before the decision nor in the future", async () => {
    const incident = await toFile();
    const decided = stages.clock.now();
    stages.clock.pass(30);
    const filing = { incident, delivery: await deliveryBy(stages, incident, "portail"), reference: "SIG-9" };
    const at = (minutes: number) => ({ ...filing, at: decided + minutes * MICROSECONDS.minute });
    expect(await stages.desk.recordFiling(at(-10), stages.delegate)).toMatchObject({ code: "too_early" });
    expect((await stages.desk.recordFiling(at(600), stages.delegate)).outcome).toBe("refused");
    expect(await stages.desk.recordFiling(at(12), stages.delegate)).toMatchObject({
      delivery: { settled: decided + 12 * MICROSECONDS.minute },
    });
  });

  it("comes with its receipt, kept to the byte", async () => {
    const incident = await toFile();
    const bytes = Buffer.from("%PDF-1.7 récépissé");
    const filing = { incident, delivery: await deliveryBy(stages, incident, "portail"), reference: "SIG-9" };
    const receipt = { name: "../../recepisse.pdf", type: "application/pdf", bytes };
    await stages.desk.recordFiling({ ...filing, receipt }, stages.delegate);
    const [kept] = (await dossierOf(stages, incident)).deliveries[0]?.receipts ?? [];
    expect(kept).toMatchObject({ name: "recepisse.pdf", size: bytes.length });
    const piece = await stages.store.reads.attachmentPiece("ch-exemple", kept?.sha256 ?? "", 0);
    expect(Buffer.from(piece ?? []).toString()).toBe(bytes.toString());
  });
});
