import express, { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { LINK } from "../../core/question-link.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import { readCode } from "../../stages/links/link-codes.ts";
import type { LinkReply } from "../../stages/links/links-desk.ts";
import { type AttemptKey, type Attempts, placeOf } from "../attempts.ts";
import { frenchTime } from "../french-time.ts";
import type { Gate } from "../gate.ts";
import { typedInstant } from "../typed-instant.ts";
import type { WebLog } from "../web-log.ts";

const AnswerForm = z.object({
  jeton: z.string().min(1).max(200),
  said: z.string().min(1).max(220),
  instead: z.string().max(2000).default(""),
  date: z.string().max(10).default(""),
  time: z.string().max(8).default(""),
});
const CodeForm = z.object({ code: z.string().max(100) });

/** Address of a link, from which its code is taken before anything is written down. */
const ADDRESS = /(\/question\/)[^/?#\s]+/gi;

/** A text without the codes of links that addresses in it hold. */
export function withoutCodes(text: string): string {
  return text.replace(ADDRESS, "$1…");
}

/**
 * The page of one question, for who holds its link: no session, no cookie, no way from it into the site. Opening it
 * changes nothing, since mail scanners and previews open links; whatever a code is not good for looks the same.
 */
export function questionLinkPages(parts: {
  desk: Desk;
  clock: Clock;
  gate: Gate;
  attempts: Attempts;
  log: WebLog;
}): Router {
  const { desk, clock, gate, attempts, log } = parts;
  const base = `/${desk.facility.id}/question`;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });

  const show = (
    request: Request,
    response: Response,
    page: { state: "code" | "gone" | "thanks" | "question"; status?: number; model?: object },
  ) =>
    gate.render(request, response, {
      view: "question-link",
      title: TITLES[page.state],
      status: page.status ?? 200,
      // No cookie here: the address itself asks for English.
      language: inEnglish(request) ? "en" : "fr",
      model: { state: page.state, door: base, trouble: null, ...page.model },
    });
  const gone = (request: Request, response: Response) =>
    show(request, response, { state: "gone", status: 404 });

  /** Takes one attempt of the place that asks; gives it back when the code was good. */
  const limited = async (request: Request, response: Response): Promise<AttemptKey[] | undefined> => {
    const keys: AttemptKey[] = [{ width: "wide", key: `question ${placeOf(request.ip)}` }];
    const allowed = await attempts.take(keys);
    if (allowed.outcome === "allowed") return keys;
    log.warn("links held back", { place: placeOf(request.ip) });
    response.setHeader("Retry-After", String(allowed.seconds));
    show(request, response, { state: "gone", status: 429 });
    return undefined;
  };

  router.use("/question", (request, response, next) => {
    // The address is the key: it is told to no other place.
    response.setHeader("Referrer-Policy", "no-referrer");
    response.setHeader("X-Robots-Tag", "noindex, nofollow");
    if (request.method !== "GET" && request.method !== "HEAD" && request.method !== "POST")
      return next("router");
    const site = request.headers["sec-fetch-site"];
    if (request.method === "POST" && site !== undefined && site !== "same-origin" && site !== "none")
      return gone(request, response);
    express.urlencoded({ extended: false, limit: "16kb", parameterLimit: 20 })(request, response, next);
  });

  router.get("/question", (request, response) => show(request, response, { state: "code" }));

  router.post("/question", (request, response) => {
    const code = CodeForm.safeParse(request.body ?? {}).data?.code ?? "";
    const read = readCode(code);
    if (read === undefined)
      return show(request, response, {
        state: "code",
        status: 422,
        model: {
          trouble: "Un code a 16 lettres et chiffres. Vérifiez-le avec la personne qui vous l'a donné.",
        },
      });
    response.redirect(303, `${base}/${read}${inEnglish(request) ? "?langue=en" : ""}`);
  });

  router.get("/question/:code", async (request, response) => {
    const keys = await limited(request, response);
    if (keys === undefined) return;
    const opened = await desk.links.open(request.params.code);
    if (opened === undefined) return gone(request, response);
    await attempts.succeeded(keys);
    const { asked, token } = opened;
    show(request, response, {
      state: "question",
      model: { asked, token, ...blank(), today: time.date(clock.now()) },
    });
  });

  router.post("/question/:code", async (request: Request<{ code: string }>, response) => {
    const keys = await limited(request as Request, response);
    if (keys === undefined) return;
    const read = AnswerForm.safeParse(request.body ?? {});
    const form = read.data;
    const { code } = request.params;
    const again = async (trouble: string) => {
      const opened = await desk.links.open(code);
      if (opened === undefined) return gone(request as Request, response);
      await attempts.succeeded(keys);
      const { asked, token } = opened;
      const typed = { ...blank(), ...form, clockTyped: form?.time ?? "", today: time.date(clock.now()) };
      // The form keeps its token: sent twice, it answers once.
      const model = { asked, ...typed, token: form?.jeton ?? token, trouble };
      show(request as Request, response, { state: "question", status: 422, model });
    };
    if (form === undefined) return again("Choisissez une réponse, puis envoyez.");
    const since = typedInstant(form, time, clock.now());
    if (typeof since === "string") return again(since);
    const done = await desk.links.answer({ code, token: form.jeton, said: saidOf(form, since) });
    if (done.outcome === "refused") return again(done.because);
    if (done.outcome === "gone") return gone(request as Request, response);
    await attempts.succeeded(keys);
    show(request as Request, response, { state: "thanks" });
  });

  return router;
}

const inEnglish = ({ query }: Request) => query.langue === "en";

const TITLES = {
  code: "Répondre à une question",
  gone: "Ce lien ne sert pas",
  thanks: "C'est noté",
  question: "Une question pour vous",
} as const;

const blank = () => ({ said: "", instead: "", date: "", clockTyped: "", limit: LINK.instead });

function saidOf({ said, instead }: z.infer<typeof AnswerForm>, since: number | undefined): LinkReply["said"] {
  if (said === "?") return { kind: "unknown" };
  if (said === "@") return { kind: "other_person", text: instead };
  return { kind: "answer", id: said.replace(/^=/, ""), since };
}
