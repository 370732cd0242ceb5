import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import type { Desk } from "../../agent/stages/desk/desk.ts";
import { createAccount } from "../../agent/web/accounts.ts";
import { browserPeer, deviceOf, isSound, openBrowser, telephone } from "../support/browser.ts";
import { CLIENT, type IdentityProvider, startProvider } from "../support/oidc-provider.ts";
import { describePeer, itPeer } from "../support/peer.ts";
import { realDesk } from "../support/real-desk.ts";
import { changePerson } from "../support/web-people.ts";
import { type Login, PASSWORD, type Scene, startScene } from "../support/web-server.ts";

describePeer(browserPeer, "a night's decisions in a browser", () => {
  let provider: IdentityProvider;
  let scene: Scene;
  let desk: Desk;
  let browser: Browser;

  beforeAll(async () => {
    provider = await startProvider();
    scene = await startScene({
      localhost: true,
      desk: async (parts) => {
        desk = await realDesk(parts);
        return desk;
      },
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
          dependsOn: ["annuaire"],
        },
      },
    });
    provider.knows(`${scene.url}/chv/connexion/annuaire/retour`);
    await changePerson(scene, "claire", { email: "claire@ch.example" });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await scene?.close();
    await provider?.stop().catch(() => undefined);
  });

  const at = (path: string) => `${scene.url}/chv/${path}`;
  const device = (login: Login, options?: BrowserContextOptions) =>
    deviceOf({ browser, scene, login }, options);
  const code = (login: Login) => {
    scene.clock.instant += MICROSECONDS.minute;
    return scene.code(login);
  };

  /** An incident that a criterion is met of, touching these systems. */
  async function incident(systems: string[] = []): Promise<string> {
    const id = desk.newForm();
    const source = { who: "self", name: "" } as const;
    const about = systems.length > 0 ? (["system_unavailable"] as const) : [];
    const kinds = ["degraded_mode", "care_interrupted", ...about] as const;
    const told = { form: id, kinds: [...kinds], systems, source, text: "Services au papier." };
    const done = await desk.openByHand(told, {
      id: "acc-claire",
      name: "Dr claire",
      role: "delegate",
      active: true,
    });
    expect(done.outcome).not.toBe("refused");
    return at(`incidents/${id}`);
  }
  const approve = async (page: Page, typed: string) => {
    await page.getByLabel("Code à usage unique").first().fill(typed);
    await page.getByRole("button", { name: "Je valide ce texte" }).click();
    await page.waitForLoadState();
  };

  itPeer(
    browserPeer,
    "approves with a passkey made on the same telephone",
    async () => {
      const here = await incident();
      const context = await device("claire");
      const page = await context.newPage();
      const cdp = await context.newCDPSession(page);
      await cdp.send("WebAuthn.enable");
      await cdp.send("WebAuthn.addVirtualAuthenticator", {
        options: {
          protocol: "ctap2",
          transport: "internal",
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      });
      await page.goto(at("acces"));
      await page.getByText("Ajouter une clé d’accès…").click();
      await page.getByLabel("Comment l’appeler ?").fill("Téléphone de garde");
      const form = page.locator("form", { hasText: "Comment l’appeler" });
      await form.getByLabel("Code à usage unique").fill(code("claire"));
      await form.getByRole("button", { name: "Continuer" }).click();
      await page.getByRole("button", { name: "Créer la clé" }).click();
      await page.waitForURL("**/acces?fait=cle");
      scene.clock.instant += MICROSECONDS.minute;
      await page.goto(`${here}/decision`);
      const decide = page.locator("form", { has: page.getByRole("button", { name: "Je valide ce texte" }) });
      await decide.getByRole("button", { name: "Utiliser ma clé d’accès" }).click();
      await page.waitForURL("**/decision?fait=valide");
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("VALIDÉ, PAS ENCORE DÉPOSÉ");
      await context.close();
    },
    60_000,
  );

  itPeer(
    browserPeer,
    "tells the second of two delegates what the first decided, and keeps the first decision alone",
    async () => {
      const here = await incident();
      const [mine, theirs] = [await device("claire"), await device("dora")];
      const [one, other] = [await mine.newPage(), await theirs.newPage()];
      await one.goto(`${here}/decision`);
      await other.goto(`${here}/decision`);
      await approve(one, code("claire"));
      await one.waitForURL("**/decision?fait=valide");
      await other.getByText("Ne pas déclarer…").click();
      await other.getByLabel("Motif (obligatoire").fill("Panne bénigne, selon moi.");
      const refuse = other.locator("form", {
        has: other.getByRole("button", { name: "Demander de ne pas déclarer" }),
      });
      await refuse.getByLabel("Code à usage unique").fill(code("dora"));
      await refuse.getByRole("button", { name: "Demander de ne pas déclarer" }).click();
      await other.waitForLoadState();
      expect(await other.getByText("Dr claire").count()).toBeGreaterThan(0);
      const { decisions } = (await desk.dossier(here.split("/").at(-1) ?? "")) ?? { decisions: [] };
      expect(decisions.map(({ decision, delegate }) => [decision, delegate.name])).toEqual([
        ["approved", "Dr claire"],
      ]);
      await isSound(other, "parcours-course");
      await mine.close();
      await theirs.close();
    },
    60_000,
  );

  itPeer(
    browserPeer,
    "goes to a colleague, who finds it and approves in their own name",
    async () => {
      const here = await incident();
      const [mine, theirs] = [await device("claire"), await device("dora")];
      const one = await mine.newPage();
      await one.goto(`${here}/decision`);
      await one.getByText("Passer la main à…").click();
      const pass = one.locator("form", { has: one.getByRole("button", { name: "Passer la main" }) });
      await pass.getByLabel(/Dr dora/).check();
      await pass.getByRole("button", { name: "Passer la main" }).click();
      await one.waitForURL("**/decision?fait=*");
      expect(await one.getByText(/Dr dora/).count()).toBeGreaterThan(0);
      const other = await theirs.newPage();
      await other.goto(`${here}/decision`);
      await approve(other, code("dora"));
      await other.waitForURL("**/decision?fait=valide");
      await mine.close();
      await theirs.close();
    },
    60_000,
  );

  itPeer(
    browserPeer,
    "keeps a session planted before sign-in out, leads nowhere else, and stands in no frame",
    async () => {
      const context = await telephone(browser);
      const planted = "s%3Aplanted-by-an-attacker.signature";
      await context.addCookies([{ name: "tocsin", value: planted, url: scene.url }]);
      const page = await context.newPage();
      for (const away of [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
      ]) {
        await page.goto(at(`connexion?suite=${encodeURIComponent(away)}`));
        await page.getByLabel("Identifiant").fill("remi");
        await page.getByLabel("Mot de passe").fill(PASSWORD);
        await page.getByLabel("Code à usage unique").fill(code("remi"));
        await page.getByRole("button", { name: "Se connecter", exact: true }).click();
        await page.waitForURL("**/chv/incidents");
        const cookies = await context.cookies();
        expect(cookies.find(({ name }) => name === "tocsin")?.value).not.toBe(planted);
        await page.goto(at("acces"));
        await page.getByRole("button", { name: "Se déconnecter" }).click();
        await page.waitForURL("**/connexion");
      }
      const framing = await context.newPage();
      await framing.route("http://127.0.0.1:9/frame", (route) =>
        route.fulfill({ contentType: "text/html", body: `<iframe src="${at("connexion")}"></iframe>` }),
      );
      await framing.goto("http://127.0.0.1:9/frame");
      const frame = framing.frames().find((each) => each !== framing.mainFrame());
      expect(await frame?.locator("form").count()).toBe(0);
      await context.close();
    },
    60_000,
  );

  itPeer(
    browserPeer,
    "lets nobody decide by a provider whose system is in the incident, and the sealed envelope decide once it is dead",
    async () => {
      const mine = await telephone(browser);
      const page = await mine.newPage();
      await page.goto(at("connexion"));
      await page.getByRole("button", { name: "Se connecter avec l'annuaire du CH" }).click();
      await page.waitForURL("**/incidents");
      const here = await incident(["annuaire"]);
      scene.clock.instant += MICROSECONDS.minute;
      await page.goto(`${here}/decision`);
      expect(await page.getByText("Annuaire touché par un incident").count()).toBe(1);
      const fresh = await telephone(browser);
      const late = await fresh.newPage();
      await late.goto(at("connexion"));
      expect(await late.getByRole("button", { name: "Se connecter avec l'annuaire du CH" }).count()).toBe(0);
      await isSound(late, "parcours-annuaire-touche");

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
      await late.getByLabel("Identifiant").fill("secours-1");
      await late.getByLabel("Mot de passe").fill(PASSWORD);
      await late.getByLabel("Code à usage unique").fill(recovery[0] ?? "");
      await late.getByRole("button", { name: "Se connecter", exact: true }).click();
      await late.waitForURL("**/secours?*");
      await late.getByLabel("Vos nom et fonction").fill("Mme Roux, cadre de garde");
      await late.getByLabel("Pourquoi ouvrir l’enveloppe ?").fill("L'annuaire est chiffré");
      await late.getByRole("button", { name: "Continuer" }).click();
      await late.waitForURL("**/incidents");
      expect(scene.alarms.map(({ what }) => what)).toContain("emergency_access");
      await late.goto(`${here}/decision`);
      expect(await late.getByText("ouvert par Mme Roux, cadre de garde").count()).toBe(1);
      await late.getByRole("button", { name: "Mettre ce texte à mon nom" }).click();
      await late.getByRole("button", { name: "Je valide ce texte" }).waitFor();
      await approve(late, recovery[1] ?? "");
      await late.waitForURL("**/decision?fait=valide");
      const { decisions } = (await desk.dossier(here.split("/").at(-1) ?? "")) ?? { decisions: [] };
      expect(decisions.map(({ delegate }) => delegate.name)).toEqual([
        "Mme Roux, cadre de garde (Accès de secours 1)",
      ]);
      await isSound(late, "parcours-secours");
      await mine.close();
      await fresh.close();
    },
    60_000,
  );
});
