import { describe, expect, it } from "vitest";
import { arsPhone } from "../outbound/ars-phone/index.ts";
import { helpPhone } from "../outbound/help-phone/index.ts";

const ARS = { to: "ARS Bretagne, point focal régional", phone: "02 00 00 00 00" };

describe("a call that a person makes", () => {
  it.each([
    ["ars-phone", arsPhone.open()],
    ["help-phone", helpPhone.open()],
  ])("%s is never made by the program, and nothing is said of its line", async (_, way) => {
    const attempt = await way.send(undefined as never, undefined as never);
    expect(attempt).toEqual({ outcome: "refused", because: "L'appel est passé par une personne." });
    expect(way.probe).toBeUndefined();
  });

  it("to the ARS is filing, once electronic declaration is impossible; for help it never is", () => {
    expect([arsPhone.kinds, arsPhone.fallback, arsPhone.reach]).toEqual([["declaration"], true, "assisted"]);
    expect([helpPhone.kinds, helpPhone.reach]).toEqual([["help"], "assisted"]);
    expect("fallback" in helpPhone).toBe(false);
  });

  it("to the ARS has its number, what to say by which article, what to read and what to note down", () => {
    const guide = arsPhone.guide(arsPhone.config.parse({ ...ARS, hours: "24 h sur 24" }));
    expect(guide).toMatchObject({ ...ARS, hours: "24 h sur 24" });
    const said = guide.steps.join("\n");
    for (const words of [
      "article 1er de l'arrêté du 30 octobre 2017",
      "Lire le texte validé",
      "Noter : l'heure de l'appel",
      "régularisation",
    ])
      expect(said).toContain(words);
  });

  it("for help goes to CERT Santé, says where the number is known from, and that it is no declaration", () => {
    const guide = helpPhone.guide(helpPhone.config.parse({}));
    expect(guide).toMatchObject({
      to: "CERT Santé",
      phone: "09 72 43 91 25",
      source: { text: "cyberveille.esante.gouv.fr", verified: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) },
    });
    expect(guide.hours).toContain("Heure de Paris");
    expect(guide.steps.join("\n")).toContain("ne vaut pas déclaration");
  });

  it("claims no source for a number that the facility gave, and takes its own steps", () => {
    const guide = helpPhone.guide(helpPhone.config.parse({ phone: "01 00 00 00 00", steps: ["Appeler."] }));
    expect(guide.source).toBeUndefined();
    expect(guide.steps).toEqual(["Appeler."]);
  });

  it.each([
    [{}],
    [{ to: "ARS" }],
    [{ ...ARS, phone: "call us" }],
    [{ ...ARS, phone: "javascript:alert(1)" }],
    [{ ...ARS, steps: [] }],
    [{ ...ARS, unknown: 1 }],
  ])("refuses the settings %j", (settings) => {
    expect(arsPhone.config.safeParse(settings).success).toBe(false);
  });
});
