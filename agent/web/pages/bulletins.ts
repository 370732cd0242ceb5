import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { BULLETIN, BULLETIN_STATES } from "../../core/bulletin.ts";
import type { Clock } from "../../core/clock.ts";
import { mayAct } from "../../core/person.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import type { BulletinsDesk } from "../../stages/followup/bulletins-desk.ts";
import { type Refused, WRITING } from "../../stages/person-act.ts";
import { Line, pickedBy, readForm } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { typedInstant } from "../typed-instant.ts";
import { Several } from "./statement-form.ts";

const Text = Line(100_000).default("");
const BulletinForm = z.object({
  form: z.string().max(100).default(""),
  title: Text,
  address: Text,
  text: z.string().max(100_000).default(""),
  systems: Several,
  date: z.string().max(10).default(""),
  time: z.string().max(8).default(""),
});
const SettleForm = z.object({
  bulletin: z.string().min(1).max(100),
  state: z.enum(["handled", "not_concerned"]),
  because: Text,
});
const PersonForm = z.object({
  form: z.string().max(100).default(""),
  name: Text,
  function: Text,
  email: Text,
});
const EndForm = z.object({ subscriber: z.string().min(1).max(100) });

/** What was just done, shown after the redirect; the address only picks one of these. */
const DONE: Readonly<Record<string, string>> = {
  bulletin: "Bulletin enregistré.",
  abonne: "Personne abonnée enregistrée.",
  fin: "Cette personne ne reçoit plus le service d'information.",
};

/** CERT Santé's information service: who of ours receives it, what it sent, and the systems it is about. */
export function bulletinsPage(parts: {
  desk: Desk;
  bulletins: BulletinsDesk;
  clock: Clock;
  gate: Gate;
}): Router {
  const { desk, bulletins, clock, gate } = parts;
  const base = `/${desk.facility.id}/bulletins`;
  const time = frenchTime(desk.facility.timeZone);
  const names = new Map(desk.systems.map(({ id, name }) => [id, name]));
  const router = Router({ mergeParams: true });

  const show = async (
    request: Request,
    response: Response,
    rejected?: { message: string; status: number; part: string; typed: object },
  ) => {
    const person = personWho(response, "read");
    const { subscribers, bulletins: all } = await bulletins.list();
    const typedOf = (part: string) => (rejected?.part === part ? rejected.typed : {});
    const today = time.date(clock.now());
    gate.render(request, response, {
      view: "bulletins",
      title: "Bulletins du CERT Santé",
      status: rejected?.status ?? 200,
      model: {
        action: base,
        done: rejected === undefined ? pickedBy(request.query.fait, DONE) : null,
        trouble: rejected?.message ?? null,
        mayFollow: mayAct(person, "follow_up"),
        subscribers: subscribers.filter(({ state }) => state === "subscribed"),
        former: subscribers.filter(({ state }) => state === "ended"),
        bulletins: all.map((each) => ({
          ...each,
          stateLabel: BULLETIN_STATES[each.state],
          systems: each.systems.map((id) => names.get(id) ?? id),
          link: /^https?:\/\/\S+$/.test(each.address),
        })),
        systems: desk.systems,
        limits: BULLETIN,
        reason: WRITING.reason,
        today,
        open: rejected?.part ?? null,
        bulletin: {
          ...BulletinForm.parse({}),
          form: desk.newForm(),
          date: today,
          ...typedOf("bulletin"),
        },
        subscriber: { ...PersonForm.parse({}), form: desk.newForm(), ...typedOf("subscriber") },
      },
    });
  };

  const answer = async (
    request: Request,
    response: Response,
    part: string,
    typed: object,
    done: Promise<{ outcome: string } | Refused> | string,
    told: string,
  ) => {
    const result =
      typeof done === "string" ? { outcome: "refused", code: "bad_form", because: done } : await done;
    if (result.outcome !== "refused") return response.redirect(303, `${base}?fait=${told}`);
    const { code, because } = result as Refused;
    const status = /^(already_|unknown$|stale$)/.test(code) ? 409 : 422;
    return show(request, response, { message: `Rien n'est enregistré. ${because}`, status, part, typed });
  };

  router.get("/bulletins", async (request, response) => {
    personWho(response, "read");
    await show(request, response);
  });

  router.post("/bulletins", async (request, response) => {
    const person = personWho(response, "follow_up");
    const typed = readForm(request, BulletinForm);
    const { date, time: hour, ...draft } = typed;
    const received =
      date !== "" && hour === "" && date !== time.date(clock.now())
        ? time.instantOf(date, "12:00")
        : typedInstant({ date, time: hour }, time, clock.now());
    const done = typeof received === "string" ? received : bulletins.record({ ...draft, received }, person);
    await answer(request, response, "bulletin", typed, done, "bulletin");
  });

  router.post("/bulletins/etat", async (request, response) => {
    const person = personWho(response, "follow_up");
    const typed = readForm(request, SettleForm);
    await answer(request, response, "settle", typed, bulletins.settle(typed, person), "bulletin");
  });

  router.post("/bulletins/abonnes", async (request, response) => {
    const person = personWho(response, "follow_up");
    const typed = readForm(request, PersonForm);
    await answer(request, response, "subscriber", typed, bulletins.subscribe(typed, person), "abonne");
  });

  router.post("/bulletins/abonnes/fin", async (request, response) => {
    const person = personWho(response, "follow_up");
    const typed = readForm(request, EndForm);
    const done = bulletins.endSubscription(typed.subscriber, person);
    await answer(request, response, "end", typed, done, "fin");
  });

  return router;
}
