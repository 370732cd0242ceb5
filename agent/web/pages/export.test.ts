import { describe, expect, it } from "vitest";
import { startScene } from "../../../test/support/web-server.ts";
import { visitor } from "../../../test/support/web-visitor.ts";

const DOSSIER = "/chv/incidents/inc-1";

describe("files of a declaration and of an incident's indicators", () => {
  it("are for who may read, as files that no browser shows", async () => {
    const scene = await startScene();
    try {
      const person = visitor(scene);
      const addresses = [
        "declaration.json",
        "declaration.md",
        "indicateurs.stix.json",
        "indicateurs.misp.json",
      ];
      for (const name of addresses) expect((await person.get(`${DOSSIER}/${name}`)).status).toBe(303);
      await person.signIn("anne");
      for (const name of addresses) {
        const { status, headers } = await person.get(`${DOSSIER}/${name}`);
        expect(status, name).toBe(200);
        expect(headers.get("content-disposition")).toMatch(
          /^attachment; filename="EXERCICE-[A-Za-z0-9._-]+"$/,
        );
        expect(headers.get("x-content-type-options")).toBe("nosniff");
      }
      const { text } = await person.get(`${DOSSIER}/declaration.json?version=1`);
      expect(JSON.parse(text)).toMatchObject({ format: "tocsin-declaration/1", declaration: { version: 1 } });
      const stix = JSON.parse((await person.get(`${DOSSIER}/indicateurs.stix.json?tlp=RED`)).text);
      expect(stix.objects[0].name).toBe("TLP:RED");
      expect(JSON.stringify(stix)).toContain("[ipv4-addr:value = '203.0.113.7']");
      const { headers } = await person.get(`${DOSSIER}/indicateurs.misp.json?tlp=AMBER%2BSTRICT`);
      expect(headers.get("content-disposition")).toContain("2026-0007-TLP-AMBER_STRICT.misp.json");
    } finally {
      await scene.close();
    }
  });

  it.each([
    ["declaration.json?version=9", 404],
    ["declaration.md?version=1&version=2", 404],
    ["indicateurs.stix.json?tlp=WHITE", 400],
    ["indicateurs.misp.json?tlp=RED&tlp=RED", 400],
  ])("answers %s with %i", async (address, status) => {
    const scene = await startScene();
    try {
      const person = visitor(scene);
      await person.signIn("anne");
      expect((await person.get(`${DOSSIER}/${address}`)).status).toBe(status);
      expect((await person.get(`/chv/incidents/inc-9/${address}`)).status).not.toBe(200);
    } finally {
      await scene.close();
    }
  });
});
