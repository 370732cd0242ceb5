import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import { createAccount } from "../../agent/web/accounts.ts";
import { browserPeer, isSoundEverywhere, openBrowser, telephone } from "../support/browser.ts";
import { CLIENT, type IdentityProvider, startProvider } from "../support/oidc-provider.ts";
import { describePeer, itPeer } from "../support/peer.ts";
import { changePerson } from "../support/web-people.ts";
import { type Login, PASSWORD, type Scene, startScene } from "../support/web-server.ts";

describePeer(browserPeer, "people prove who they are in a browser", () => {
  let provider: IdentityProvider;
  let scene: Scene;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let cdp: CDPSession;
  let authenticator: string;

  beforeAll(async () => {
    provider = await startProvider();
    scene = await startScene({
      localhost: true,
      access: {
        oidc: {
          label: "l'annuaire du CH",
          issuer: provider.issuer,
          clientId: CLIENT.id,
          clientSecret: CLIENT.secret,
          clientAuthentication: "client_secret_basic",
          scope: "openid email profile",
          claim: "email",
          match: "email",
          dependsOn: [],
        },
      },
    });
    provider.knows(`${scene.url}/chv/connexion/annuaire/retour`);
    await changePerson(scene, "claire", { email: "claire@ch.example" });
    browser = await openBrowser();
    context = await telephone(browser);
    page = await context.newPage();
    cdp = await context.newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const made = await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    authenticator = made.authenticatorId;
  });
  afterAll(async () => {
    await browser?.close();
    await scene?.close();
    await provider?.stop();
  });

  const at = (path: string) => `${scene.url}/chv/${path}`;

  const sound = (name: string) => isSoundEverywhere(page, `acces-${name}`);

  async function signIn(login: Login, code = scene.code(login)): Promise<void> {
    await page.goto(at("connexion"));
    await page.getByLabel("Identifiant").fill(login);
    await page.getByLabel("Mot de passe").fill(PASSWORD);
    await page.getByLabel("Code à usage unique").fill(code);
    await page.getByRole("button", { name: "Se connecter", exact: true }).click();
    await page.waitForURL("**/incidents");
    scene.clock.instant += MICROSECONDS.minute;
  }
  const signOut = async () => {
    await page.goto(at("acces"));
    await page.getByRole("button", { name: "Se déconnecter" }).click();
    await page.waitForURL("**/connexion");
  };

  itPeer(
    browserPeer,
    "registers a passkey behind the second factor, signs in with it alone, and revokes it",
    async () => {
      await page.goto(at("connexion"));
      await sound("connexion");
      await signIn("claire");
      await page.goto(at("acces"));
      await page.getByText("Ajouter une clé d’accès…").click();
      await page.getByLabel("Comment l’appeler ?").fill("Téléphone de garde");
      const form = page.locator("form", { hasText: "Comment l’appeler" });
      await form.getByLabel("Code à usage unique").fill(scene.code("claire"));
      await form.getByRole("button", { name: "Continuer" }).click();
      await page.waitForURL("**/acces/cles");
      await sound("nouvelle-cle");
      await page.getByRole("button", { name: "Créer la clé" }).click();
      await page.waitForURL("**/acces?fait=cle");
      expect(await page.getByText("Téléphone de garde").count()).toBe(1);
      await sound("mon-acces");
      await signOut();

      scene.clock.instant += MICROSECONDS.second;
      await page.getByRole("button", { name: "Se connecter avec une clé d’accès" }).click();
      await page.waitForURL("**/incidents");
      await page.goto(at("acces"));
      expect(await page.getByText("Connexion par clé d'accès").count()).toBe(1);

      scene.clock.instant += MICROSECONDS.second;
      await page.getByText("Refaire mes codes de secours…").click();
      const codes = page.locator("form", { has: page.getByRole("button", { name: "Refaire mes codes" }) });
      await codes.getByRole("button", { name: "Utiliser ma clé d’accès" }).click();
      await page.waitForURL("**/acces/codes");
      expect(await page.locator(".codes li").count()).toBe(10);
      await sound("codes");

      await page.goto(at("acces"));
      await page.getByText("Téléphone de garde").click();
      const drop = page.locator("form", { has: page.getByRole("button", { name: "Retirer cette clé" }) });
      scene.clock.instant += MICROSECONDS.minute;
      await drop.getByLabel("Code à usage unique").fill(scene.code("claire"));
      await drop.getByRole("button", { name: "Retirer cette clé" }).click();
      await page.waitForURL("**/acces?fait=cle-retiree");
      await signOut();
      scene.clock.instant += MICROSECONDS.second;
      await page.getByRole("button", { name: "Se connecter avec une clé d’accès" }).click();
      await page.getByText("Cette clé d'accès n'est pas reconnue").waitFor();
    },
    120_000,
  );

  itPeer(
    browserPeer,
    "refuses a key whose counter went back, for good, and tells people",
    async () => {
      await cdp.send("WebAuthn.clearCredentials", { authenticatorId: authenticator });
      scene.clock.instant += MICROSECONDS.minute;
      await signIn("claire");
      await page.goto(at("acces"));
      await page.getByText("Ajouter une clé d’accès…").click();
      await page.getByLabel("Comment l’appeler ?").fill("Clé matérielle");
      const form = page.locator("form", { hasText: "Comment l’appeler" });
      await form.getByLabel("Code à usage unique").fill(scene.code("claire"));
      await form.getByRole("button", { name: "Continuer" }).click();
      await page.getByRole("button", { name: "Créer la clé" }).click();
      await page.waitForURL("**/acces?fait=cle");
      const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId: authenticator });
      await signOut();
      for (const expected of ["**/incidents", "refused"]) {
        scene.clock.instant += MICROSECONDS.second;
        await page.goto(at("connexion"));
        await page.getByRole("button", { name: "Se connecter avec une clé d’accès" }).click();
        if (expected === "refused") await page.getByText("Cette clé d'accès n'est pas reconnue").waitFor();
        else {
          await page.waitForURL(expected);
          await signOut();
          // A copy made before that signature signs next.
          await cdp.send("WebAuthn.clearCredentials", { authenticatorId: authenticator });
          const [copy] = credentials;
          if (copy === undefined) throw new Error("no credential");
          await cdp.send("WebAuthn.addCredential", {
            authenticatorId: authenticator,
            credential: { ...copy, signCount: 0 },
          });
        }
      }
      expect(scene.alarms.map(({ what }) => what)).toContain("passkey_suspect");
      const { factors } = await scene.store.reads.factors("chv", "acc-claire");
      expect(factors.passkeys.map(({ suspect }) => suspect !== null)).toEqual([true]);
    },
    120_000,
  );

  itPeer(
    browserPeer,
    "comes in by the hospital's provider, and by the sealed envelope once it is dead",
    async () => {
      await page.goto(at("connexion"));
      await page.getByRole("button", { name: "Se connecter avec l'annuaire du CH" }).click();
      await page.waitForURL("**/incidents");
      await page.goto(at("acces"));
      expect(await page.getByText("Connexion par annuaire de l'établissement").count()).toBe(1);
      await signOut();

      const { recovery } = await createAccount(
        {
          store: scene.store,
          clock: scene.clock,
          newId: uuidv7(scene.clock),
          facility: { id: "chv", name: "CH" },
        },
        {
          login: "secours-1",
          name: "Accès de secours 1",
          role: "delegate",
          function: "",
          email: "",
          phone: "",
          password: PASSWORD,
          sealedBy: "Dr dora",
        },
      );
      await provider.stop();
      await page.goto(at("connexion"));
      await page.getByRole("button", { name: "Se connecter avec l'annuaire du CH" }).click();
      await page.getByText("L'annuaire ne répond pas").waitFor();
      await sound("annuaire-mort");
      await page.getByLabel("Identifiant").fill("secours-1");
      await page.getByLabel("Mot de passe").fill(PASSWORD);
      await page.getByLabel("Code à usage unique").fill(recovery[0] ?? "");
      await page.getByRole("button", { name: "Se connecter", exact: true }).click();
      await page.waitForURL("**/secours?*");
      await sound("secours");
      await page.getByLabel("Vos nom et fonction").fill("Mme Roux, cadre de garde");
      await page.getByLabel("Pourquoi ouvrir l’enveloppe ?").fill("L'annuaire ne répond plus");
      await page.getByRole("button", { name: "Continuer" }).click();
      await page.goto(at("personnes"));
      expect(await page.getByText("ouvert par Mme Roux, cadre de garde").count()).toBe(1);
      expect(scene.alarms.map(({ what }) => what)).toContain("emergency_access");
      await signOut();
    },
    120_000,
  );

  itPeer(
    browserPeer,
    "lets the director make an account, record a delegation and seal an envelope anew",
    async () => {
      scene.clock.instant += MICROSECONDS.minute;
      await signIn("dora");
      await page.goto(at("personnes"));
      await sound("personnes");
      await page.getByText("Créer un compte…").click();
      await page.getByLabel("Identifiant", { exact: true }).fill("paul.durand");
      await page.getByLabel("Nom", { exact: true }).fill("Paul Durand");
      await page.getByLabel("Rôle").selectOption("delegate");
      await page.getByLabel(/Téléphone/).fill("01 23 45 67 89");
      await page.getByLabel("Code à usage unique").fill(scene.code("dora"));
      await page.getByRole("button", { name: "Créer le compte" }).click();
      await page.waitForSelector(".codes");
      await sound("compte");
      await page.getByRole("link", { name: "C’est rangé, continuer" }).click();
      await page.getByRole("link", { name: "Paul Durand" }).click();
      await page.getByText("Enregistrer un acte de délégation…").click();
      await page.getByLabel(/Qui délègue/).fill("Mme Lefèvre, directrice");
      await page.getByLabel("Référence de l’acte").fill("DEC-2026-014");
      scene.clock.instant += MICROSECONDS.minute;
      const form = page.locator("form", { hasText: "Référence de l’acte" });
      await form.getByLabel("Code à usage unique").fill(scene.code("dora"));
      await form.getByRole("button", { name: "Enregistrer l’acte" }).click();
      await page.waitForURL("**fait=delegation");
      expect(await page.getByText("DEC-2026-014").first().isVisible()).toBe(true);
      await sound("personne");
    },
    120_000,
  );
});
