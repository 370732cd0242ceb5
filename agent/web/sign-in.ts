import { promisify } from "node:util";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import type { Account } from "../core/person.ts";
import { sha256Hex } from "../core/sha256.ts";
import type { Desk } from "../stages/desk/desk.ts";
import type { Store } from "../store/store.ts";
import { type Attempts, placeOf } from "./attempts.ts";
import { readForm } from "./form.ts";
import type { Gate } from "./gate.ts";
import { spendCode } from "./one-time-code.ts";
import { PageError } from "./page-error.ts";
import { verifyPassword } from "./password.ts";
import type { WebLog } from "./web-log.ts";

const SignInForm = z.object({
  login: z.string().max(200),
  password: z.string().max(1000),
  code: z.string().max(20),
  suite: z.string().max(500).default(""),
});
const TicketForm = z.object({ jeton: z.string().min(1).max(500) });

/** Sign-in with password and one-time code together, sign-out, and the demonstration's tickets. */
export function signIn(parts: {
  desk: Desk;
  store: Store;
  clock: Clock;
  gate: Gate;
  attempts: Attempts;
  demo: boolean;
  log: WebLog;
}): Router {
  const { desk, store, clock, gate, attempts, demo, log } = parts;
  const facility = desk.facility.id;
  const router = Router({ mergeParams: true });

  const form = (
    request: Request,
    response: Response,
    model: { suite: string; login: string; error: string | null },
  ) =>
    gate.render(request, response, {
      view: "sign-in",
      title: "Connexion",
      status: model.error === null ? 200 : 401,
      model,
    });

  const enter = async (request: Request, account: Account) => {
    // A new session id at sign-in: one planted beforehand is worth nothing.
    await promisify(request.session.regenerate.bind(request.session))();
    request.session.account = account.id;
    await promisify(request.session.save.bind(request.session))();
    log.info("signed in", { account: account.id });
  };

  router.get("/connexion", (request, response) => {
    const suite = typeof request.query.suite === "string" ? request.query.suite : "";
    if (response.locals.person !== undefined) return response.redirect(303, ownPath(suite, facility));
    form(request, response, { suite: ownPath(suite, facility), login: "", error: null });
  });

  router.post("/connexion", gate.ownForm, async (request, response) => {
    const { login, password, code, suite } = readForm(request, SignInForm);
    const name = login.trim().toLowerCase();
    const place = placeOf(request.ip);
    const keys = [
      { width: "narrow", key: `sign-in ${place} ${name}` },
      { width: "wide", key: `sign-in ${place}` },
    ] as const;
    const allowed = await attempts.take(keys);
    if (allowed.outcome === "wait") {
      log.warn("sign-in held back", { place });
      response.setHeader("Retry-After", String(allowed.seconds));
      throw new PageError(429);
    }
    const account = (await store.reads.accountByLogin(facility, name))?.content;
    const known = account?.active ? account : undefined;
    const credentials = known === undefined ? undefined : await store.reads.credentials(facility, known.id);
    const passwordRight = await verifyPassword(password, credentials?.password);
    // The code is used up only with the right password: else anyone could burn the director's codes.
    const whose = passwordRight ? known?.id : undefined;
    const codeRight = await spendCode(store, { facility, account: whose, code, at: clock.now() });
    if (known === undefined || !passwordRight || codeRight !== "spent") {
      log.warn("sign-in refused", { place });
      form(request, response, {
        suite: ownPath(suite, facility),
        login,
        error:
          "Identifiant, mot de passe ou code incorrect. Un code ne sert qu'une fois : attendez le suivant au besoin.",
      });
      return;
    }
    await attempts.succeeded(keys);
    await enter(request, known);
    response.redirect(303, ownPath(suite, facility));
  });

  router.post("/deconnexion", gate.ownForm, async (request, response) => {
    await promisify(request.session.destroy.bind(request.session))();
    response.redirect(303, `/${facility}/connexion`);
  });

  if (demo) {
    // Opening the link only shows a button: mail scanners and previews sign nobody in.
    router.get("/connexion/billet", (request, response) => {
      const jeton = typeof request.query.jeton === "string" ? request.query.jeton : "";
      gate.render(request, response, { view: "ticket", title: "Entrer", model: { jeton } });
    });

    router.post("/connexion/billet", gate.ownForm, async (request, response) => {
      const { jeton } = readForm(request, TicketForm);
      const hash = sha256Hex(jeton);
      const at = clock.now();
      const ticket = await store.reads.ticket(facility, hash, at);
      const account = ticket && (await store.reads.record(facility, "account", ticket.account))?.content;
      const used =
        account?.active && (await store.commit({ facility, at, writes: [{ write: "ticket_use", hash }] }));
      if (!account || !used || used.outcome !== "committed") {
        throw new PageError(403, {
          title: "Billet refusé",
          message: "Ce billet d'entrée est inconnu, périmé ou a déjà servi.",
          remedy: "Demandez-en un nouveau, ou connectez-vous avec votre mot de passe et votre code.",
        });
      }
      await enter(request, account);
      response.redirect(303, `/${facility}/incidents`);
    });
  }

  return router;
}

/** The page asked for, when it is one of this facility's; else its list: no redirect leaves the site. */
export function ownPath(wanted: string, facility: string): string {
  const list = `/${facility}/incidents`;
  if (!wanted.startsWith(`/${facility}/`) || /[\\\u0000-\u0020\u007f]/.test(wanted)) return list;
  const url = URL.parse(wanted, "http://here.invalid");
  if (url === null || url.origin !== "http://here.invalid" || !url.pathname.startsWith(`/${facility}/`))
    return list;
  return url.pathname.startsWith(`/${facility}/connexion`) ? list : `${url.pathname}${url.search}`;
}
