import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import {
  browserPeer,
  deviceOf,
  isSound,
  isSoundEverywhere,
  openBrowser,
  SCREENS,
} from "../support/browser.ts";
import { keepDossier, noteFacility } from "../support/group-scene.ts";
import { describePeer, itPeer } from "../support/peer.ts";
import { realDesk } from "../support/real-desk.ts";
import { type Scene, startScene } from "../support/web-server.ts";

describePeer(browserPeer, "the group in a browser", () => {
  let scene: Scene;
  let browser: Browser;
  let context: BrowserContext;
  let page: string;

  beforeAll(async () => {
    scene = await startScene({ desk: realDesk });
    const { store } = scene;
    await noteFacility(store, "chy", {
      mode: "live",
      systems: { dpi: "Dossier patient", lab: "Laboratoire" },
    });
    for (const [id, reference, state, causes, sentence] of [
      [
        "y1",
        "2026-0007",
        "in_review",
        ["ransomware"],
        "À déclarer maintenant : sécurité des soins (potentiel) et fonctionnement de l'établissement.",
      ],
      ["y2", "2026-0005", "declared", [], "Déclaration conseillée : acte malveillant ou soupçon."],
    ] as const)
      await keepDossier(store, {
        ...{ facility: "chy", sentence },
        incident: { id, reference, state, causes: [...causes], systems: ["dpi", "lab"] },
      });
    browser = await openBrowser();
    context = await deviceOf({ browser, scene, login: "claire" });
    const first = await context.newPage();
    await first.goto(`${scene.url}/chv/incidents/signaler`);
    await first.locator("input[value=malicious_action_suspected]").check();
    await first.locator("main form button[type=submit]").first().click();
    await first.waitForURL("**/incidents/*?fait=signale*");
    page = new URL(first.url()).pathname;
    await first.close();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await scene?.close();
  });

  itPeer(
    browserPeer,
    "is led to from the list, shows the others' open dossiers, and links one of them to ours",
    async () => {
      const tab = await context.newPage();
      await tab.goto(`${scene.url}/chv/incidents`);
      await tab.getByRole("link", { name: "Groupe" }).click();
      await isSoundEverywhere(tab, "group");
      const card = tab.locator("li.card", { hasText: "2026-0007" });
      await card.locator("summary").click();
      await card.locator("input[name=motif]").fill("Le même compte de télémaintenance.");
      await isSoundEverywhere(tab, "group-form");
      await card.getByRole("button", { name: "Lier" }).click();
      await tab.waitForURL("**?fait=lie#groupe");
      await tab.getByText("Lié au dossier 2026-0007 de CH Y").waitFor();
      await isSoundEverywhere(tab, "group-linked");
      await tab.setViewportSize(SCREENS.narrow);
      await tab.locator("#chronologie-texte summary").click();
      await isSound(tab, "group-linked-narrow");
      await tab.getByRole("link", { name: /Constater que d’autres établissements/ }).click();
      expect(await tab.locator("input[value=others_affected]").isChecked()).toBe(true);
      await tab.close();
    },
    90_000,
  );

  itPeer(
    browserPeer,
    "proposes what the others declared, for a member to confirm",
    async () => {
      const incident = page.split("/").at(-1) ?? "";
      const other = { facility: "chv", name: "CHV", incident, reference: "2026-0001", title: "Rançongiciel" };
      const by = { account: "a", name: "Ursule Exemple" };
      const told = { reason: "Le même prestataire, la même nuit.", answers: null, withdrawn: null };
      const content = {
        id: "link-y2",
        incident: "y2",
        reference: "2026-0005",
        other,
        by,
        at: scene.clock.now(),
        ...told,
      };
      const put = { write: "record", kind: "group_link", id: content.id, revision: 1 } as const;
      await scene.store.commit({
        ...{ facility: "chy", at: scene.clock.now() },
        writes: [{ ...put, incident: "y2", state: `chv/${incident}`, content }],
      });
      const tab = await context.newPage();
      await tab.goto(`${scene.url}${page}`);
      await isSoundEverywhere(tab, "group-proposed");
      await tab.locator("#groupe form[action$=confirmer] input[name=motif]").fill("Vu avec leur RSSI.");
      await tab.getByRole("button", { name: "Confirmer le lien" }).click();
      await tab.getByText("déclaré des deux côtés").waitFor();
      await tab.close();
    },
    90_000,
  );
});
