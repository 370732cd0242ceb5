import { setTimeout } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import type { BenchDaemon } from "../bench/scene.ts";
import type { Means } from "../bench/signed-in.ts";
import { telephone } from "../support/browser.ts";
import { FACILITY } from "../support/daemon.ts";
import { codesOf } from "./employ-delegates.ts";

/** What a delegate does on the pages, in this order. */
export const STEPS = ["sign in", "list", "dossier", "answer", "declaration", "confirm"] as const;
export type Step = (typeof STEPS)[number];

/** How long each step took from the act to the page that answers it, loaded, ms; and the incidents whose text was confirmed. */
export interface Worked {
  times: Record<Step, number[]>;
  confirmed: string[];
}

/** A person looks at a page before the next act, ms. */
const LOOK = 1000;

/**
 * Has delegates work in a browser until `over`: each signs in, then takes incident after incident from `next`, reads it,
 * answers a question and, when the application has a code that did not serve, confirms its text.
 */
export async function delegatesAtWork(
  { browser, daemon, means }: { browser: Browser; daemon: BenchDaemon; means: readonly Means[] },
  next: () => string | undefined,
  over: AbortSignal,
): Promise<Worked> {
  const times = Object.fromEntries(STEPS.map((step) => [step, [] as number[]])) as Worked["times"];
  const confirmed: string[] = [];
  const at = (path: string) => `${daemon.people}/${FACILITY}/${path}`;
  const timed = async (step: Step, act: () => Promise<unknown>) => {
    const begin = performance.now();
    await act();
    times[step].push(performance.now() - begin);
    await setTimeout(LOOK, undefined, { signal: over }).catch(() => undefined);
  };

  async function work(delegate: Means): Promise<void> {
    const code = codesOf(delegate);
    const context = await telephone(browser);
    try {
      const page = await context.newPage();
      await page.goto(at("connexion"));
      await page.getByLabel("Identifiant").fill(delegate.login);
      await page.getByLabel("Mot de passe").fill(delegate.password);
      await page.getByLabel("Code à usage unique").fill(code() ?? "");
      await timed("sign in", async () => {
        await page.getByRole("button", { name: "Se connecter" }).click();
        await page.waitForURL(`**/${FACILITY}/incidents`);
      });
      // Once at least, however short it is.
      do {
        await timed("list", () => page.goto(at("incidents")));
        const incident = next();
        if (incident !== undefined) await handle(page, incident, code);
      } while (!over.aborted);
    } finally {
      await context.close();
    }
  }

  async function handle(page: Page, incident: string, code: () => string | undefined): Promise<void> {
    const here = at(`incidents/${incident}`);
    await timed("dossier", () => page.goto(here));
    await timed("declaration", () => page.goto(`${here}/declaration`));
    const question = page.locator("form.question").first();
    await question.locator("label.choice", { hasText: "Oui" }).first().click();
    await question.getByLabel(/Qui le dit/).fill("cadre de santé des urgences");
    await timed("answer", async () => {
      await question.getByRole("button", { name: "Répondre" }).click();
      await page.waitForURL("**/declaration?fait=reponse*");
    });
    const typed = code();
    if (typed === undefined) return;
    await page.goto(`${here}/decision`);
    await page.getByLabel("Code à usage unique").first().fill(typed);
    await timed("confirm", async () => {
      await page.getByRole("button", { name: "Je valide ce texte" }).click();
      await page.waitForURL("**/decision?fait=valide");
    });
    confirmed.push(incident);
  }

  await Promise.all(means.map(work));
  return { times, confirmed };
}
