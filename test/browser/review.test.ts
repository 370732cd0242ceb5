import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { browserPeer, isSound, openBrowser, shoot, telephone } from "../support/browser.ts";
import {
  codeOf,
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";
import { describePeer, itPeer } from "../support/peer.ts";

/** Alerts of one attack, on fifty machines. */
const STORM = 500;
const HOSTILE = `<img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script>\u202e`;

describePeer(browserPeer, "the delegate's journey in a browser", () => {
  let house: House;
  let daemon: Daemon;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    house = await makeHouse();
    daemon = await startDaemon(house);
    browser = await openBrowser();
    context = await telephone(browser);
    page = await context.newPage();
    const storm = Array.from({ length: STORM }, (_, i) =>
      relevant(`storm-${i}`, `pacs-${String((i % 50) + 1).padStart(2, "0")}`),
    );
    await post(daemon, "generic", house.tokens.generic, [
      ...storm,
      relevant("b-1"),
      {
        id: "b-2",
        host: "pacs-01",
        message: `file created: HOW_TO_DECRYPT.txt ${HOSTILE}`,
        file: "/srv/HOW_TO_DECRYPT.txt",
      },
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await daemon?.end("SIGTERM");
    house?.remove();
  });

  /** Every page is free of what axe finds, and nothing planted in an alert has run. */
  async function sound(name: string): Promise<void> {
    await isSound(page, name);
    expect(await page.locator("img[src='x']").count()).toBe(0);
  }

  itPeer(
    browserPeer,
    "out of a storm: signs in, reads, answers, corrects, approves that exact text and sees it filed in exercise",
    async () => {
      const person = house.accounts["anne.martin"];
      await page.goto(`${daemon.people}/`);
      await sound("1-connexion");
      await page.getByLabel("Identifiant").fill("anne.martin");
      await page.getByLabel("Mot de passe").fill(person.password);
      const signInCode = codeOf(person);
      await page.getByLabel("Code à usage unique").fill(signInCode);
      await page.getByRole("button", { name: "Se connecter" }).click();

      await page.waitForURL(`**/${FACILITY}/incidents`);
      await eventually("the incident on the list", async () => {
        await page.reload();
        return (await page.getByText("À déclarer maintenant").count()) > 0 ? true : undefined;
      });
      await sound("2-incidents");
      // One attack, one incident: five hundred alerts are one card.
      expect(await page.getByRole("link", { name: /À déclarer maintenant/ }).count()).toBe(1);
      await page.getByRole("link", { name: /À déclarer maintenant/ }).click();

      await page.waitForURL("**/incidents/*");
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("À déclarer maintenant");
      expect(await page.getByText("EXERCICE").count()).toBeGreaterThan(0);
      await sound("3-incident");
      const incident = page.url().split(/[?#]/)[0];

      await page.getByRole("link", { name: /Répondre : \d+ question/ }).click();
      await page.waitForURL("**/declaration#questions");
      const question = page.locator("form.question", { hasText: "mode dégradé" });
      await question.locator("label.choice", { hasText: "Oui" }).click();
      await question.getByLabel(/Qui le dit/).fill("cadre de santé des urgences");
      await question.getByRole("button", { name: "Répondre" }).click();
      await page.waitForURL("**/declaration?fait=reponse*");
      expect(await page.getByText("Réponse enregistrée").count()).toBe(1);
      await sound("4-reponse");

      await page.goto(`${incident}/declaration`);
      const typed = page.locator("#v-systems");
      if (!(await typed.isVisible())) await page.locator("details.edit:has(#v-systems) > summary").click();
      await typed.fill("PACS et console du scanner 2");
      await page
        .locator("form:has(#v-systems)")
        .getByRole("button", { name: "Enregistrer cette section" })
        .click();
      await page.waitForURL("**/declaration?fait=texte*");
      await sound("4b-correction");

      await page.goto(`${incident}/decision`);
      expect(await page.getByText("PACS et console du scanner 2").count()).toBeGreaterThan(0);
      await sound("5-declaration");
      expect(await page.getByText("Anne Martin").count()).toBeGreaterThan(0);
      const fresh = await eventually(
        "a one-time code not used yet",
        () => (codeOf(person) === signInCode ? undefined : codeOf(person)),
        35,
      );
      await page.getByLabel("Code à usage unique").first().fill(fresh);
      const answered = page.waitForResponse((response) => response.request().method() === "POST");
      await page.getByRole("button", { name: "Je valide ce texte" }).click();
      await answered;
      await page.waitForLoadState();
      await eventually("the exercise filing on the page", async () => {
        await page.reload();
        return (await page.getByText(/EXERCICE-[0-9a-f]{8}/).count()) > 0 ? true : undefined;
      });
      await sound("6-depose");
      await page.goto(page.url().replace(/\/decision.*/, "/declaration/1/imprimer"));
      await sound("7-imprimer");
    },
    120_000,
  );

  itPeer(
    browserPeer,
    "reports an incident by hand, ends and withdraws its facts, and reads the closings",
    async () => {
      await page.goto(`${daemon.people}/${FACILITY}/incidents`);
      await page.getByRole("link", { name: "Signaler un incident" }).click();
      await page.waitForURL("**/incidents/signaler");
      await sound("9-signaler");
      await page.getByLabel("Mode dégradé (papier)").check();
      await page.getByLabel("Prise en charge interrompue ou reportée").check();
      await page.getByLabel("Qui le dit ?").selectOption({ label: "cadre de santé" });
      await page.getByLabel(/Nom, fonction ou téléphone/).fill("Mme Roux, poste 1234");
      await page.getByLabel(/Ce que l’on sait/).fill(`Plus de téléphone. ${HOSTILE}`);
      await page.getByRole("button", { name: "Signaler" }).click();
      await page.waitForURL("**/incidents/*?fait=signale");
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("À déclarer maintenant");
      await sound("10-signale");

      await page.getByRole("link", { name: "Constater, mettre fin ou retirer un fait" }).click();
      await page.waitForURL("**/faits");
      await page.getByText("Mettre fin : Mode dégradé (papier)").click();
      await page.getByText("Retirer : Prise en charge").click();
      await sound("11-faits");
      await page.locator("details[open]").getByRole("button", { name: "Mettre fin" }).click();
      await page.waitForURL("**/incidents/*?fait=termine*");
      expect(await page.getByText("Fin signalée par").count()).toBe(1);

      await page.goto(`${daemon.people}/${FACILITY}/clotures?mois=2026-01`);
      await sound("12-clotures");

      await page.goto(`${daemon.people}/${FACILITY}/sourdines`);
      await page.getByText("Mettre en sourdine…").click();
      await page.getByLabel(/Machine/).fill("imprimante-*");
      await page.getByLabel("Pourquoi ?").fill(`Déménagement du service. ${HOSTILE}`);
      await page.getByRole("button", { name: "Mettre en sourdine" }).click();
      await page.waitForURL("**/sourdines?fait=sourdine");
      await page.getByText("Prévoir des travaux…").click();
      await sound("12b-sourdines");
    },
    120_000,
  );

  itPeer(
    browserPeer,
    "settles from when the 72 hours count, beside the other duties, and reads what is known of the systems",
    async () => {
      await page.goto(`${daemon.people}/${FACILITY}/incidents/signaler`);
      await page.getByLabel("Données divulguées ou consultées sans droit").check();
      await page.getByLabel("PACS").check();
      await page.getByRole("button", { name: "Signaler" }).click();
      await page.waitForURL("**/incidents/*?fait=signale");
      await page.locator("details.duty summary", { hasText: "CNIL" }).first().click();
      await page.getByLabel(/^constat/).check();
      await page.getByLabel("Pourquoi cet instant ?").fill("Certitude raisonnable dès le constat.");
      await sound("13-delai");
      await page.getByRole("button", { name: "Fixer ce délai" }).click();
      await page.waitForURL("**/incidents/*?fait=delai*");
      expect(await page.getByText(/Fixé par délégué à la protection des données/).count()).toBe(1);

      await page.goto(`${daemon.people}/${FACILITY}/actifs-inconnus`);
      await page.getByRole("link", { name: "Applications et services" }).click();
      await page.waitForURL("**/systemes");
      expect(await page.getByText("par défaut").count()).toBeGreaterThan(1);
      await sound("14-applications");
    },
    120_000,
  );

  itPeer(browserPeer, "works without scripts, on a large screen too", async () => {
    const plain = await browser.newContext({
      javaScriptEnabled: false,
      viewport: { width: 1280, height: 800 },
      storageState: await context.storageState(),
      colorScheme: "dark",
    });
    const old = page;
    page = await plain.newPage();
    await page.goto(`${daemon.people}/${FACILITY}/incidents`);
    expect(await page.getByText("Déclaré, suivi en cours").count()).toBeGreaterThan(0);
    await shoot(page, "8-incidents-sombre");
    page = old;
    await plain.close();
  });
});
