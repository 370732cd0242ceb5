import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { type Clock, type Instant, MICROSECONDS } from "../../core/clock.ts";
import { FACTS } from "../../core/fact.ts";
import { MUTE_KINDS } from "../../core/mute.ts";
import { mayAct } from "../../core/person.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import type { Refused } from "../../stages/person-act.ts";
import { Line, pickedBy, readForm } from "../form.ts";
import { type FrenchTime, frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { InstantFields, Several } from "./statement-form.ts";

/** Longest text read at all: what is too long is given back to its writer, not thrown away. */
const READ = 100_000;
const Text = Line(READ).default("");
/** How long a silence is offered to last, hours; empty for an instant that is typed. */
const LASTING = { "1": "1 heure", "4": "4 heures", "12": "12 heures", "24": "24 heures", "168": "7 jours" };

const SilenceForm = z.object({
  form: z.string().max(100),
  system: Text,
  host: Text,
  rule: Text,
  source: Text,
  hours: z.enum(["", ...Object.keys(LASTING)]).default(""),
  reason: Text,
  ...InstantFields,
});
const WorksForm = z.object({
  form: z.string().max(100),
  systems: Several,
  dependents: z.literal("oui").optional(),
  from_date: z.string().max(10).default(""),
  from_time: z.string().max(8).default(""),
  reason: Text,
  ...InstantFields,
});
const EndForm = z.object({ mute: z.string().min(1).max(100), reason: Text });

/** What was just done, shown after the redirect; the address only picks one of these. */
const DONE: Readonly<Record<string, string>> = {
  sourdine: "Mise en sourdine enregistrée, à votre nom.",
  travaux: "Travaux enregistrés, à votre nom.",
  fini: "C'est fini : ce qui était retenu est regardé de nouveau.",
};

interface Typed {
  silence?: z.infer<typeof SilenceForm>;
  works?: z.infer<typeof WorksForm>;
  end?: z.infer<typeof EndForm>;
}

/** "Sourdines et travaux": what is muted, by whom, why and until when; and the forms to do so. */
export function silencesPage(parts: { desk: Desk; clock: Clock; gate: Gate }): Router {
  const { desk, clock, gate } = parts;
  const base = `/${desk.facility.id}`;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });

  const show = async (
    request: Request,
    response: Response,
    rejected?: { message: string; status: number; typed: Typed },
  ) => {
    const person = personWho(response, "read");
    const rows = desk.mutes();
    const asked = typeof request.query.incident === "string" ? request.query.incident : "";
    const dossier = asked === "" || asked.length > 100 ? undefined : await desk.dossier(asked);
    const today = time.date(clock.now());
    const of = (phase: string) =>
      rows
        .filter((row) => row.phase === phase)
        .map(({ mute, ...row }) => ({ ...mute, ...row, label: MUTE_KINDS[mute.kind] }));
    gate.render(request, response, {
      view: "silences",
      title: "Sourdines et travaux",
      status: rejected?.status ?? 200,
      model: {
        action: `${base}/sourdines`,
        done: rejected === undefined ? pickedBy(request.query.fait, DONE) : null,
        trouble: rejected?.message ?? null,
        groups: [
          { title: "En cours", rows: of("now"), none: "Rien n’est en sourdine." },
          { title: "À venir", rows: of("to_come"), none: "Aucuns travaux prévus." },
          { title: "Terminées", rows: of("over"), none: null },
        ],
        mayMute: mayAct(person, "mute"),
        systems: desk.systems,
        lasting: Object.entries(LASTING),
        today,
        form: desk.newForm(),
        typed: rejected?.typed ?? {},
        about: dossier === undefined ? null : aboutIncident(dossier),
      },
    });
  };

  const act = async (
    request: Request,
    response: Response,
    typed: Typed,
    done: Promise<{ outcome: string } | Refused> | string,
    told: string,
  ) => {
    const result =
      typeof done === "string" ? { outcome: "refused", code: "bad_instant", because: done } : await done;
    if (result.outcome !== "refused") return response.redirect(303, `${base}/sourdines?fait=${told}`);
    const { code, because } = result as Refused;
    const status = /^(already_|overlapping$|unknown_mute$)/.test(code) ? 409 : 422;
    await show(request, response, { message: `Rien n'est enregistré. ${because}`, status, typed });
  };

  router.get("/sourdines", async (request, response) => {
    personWho(response, "read");
    await show(request, response);
  });

  router.post("/sourdines", async (request, response) => {
    const person = personWho(response, "mute");
    const silence = readForm(request, SilenceForm);
    const { system, host, rule, source, form, reason, hours } = silence;
    const until =
      hours === ""
        ? plannedInstant(silence, time, "la fin")
        : clock.now() + Number(hours) * MICROSECONDS.hour;
    const done =
      typeof until === "string"
        ? until
        : desk.silence({ form, covers: { system, host, rule, source }, until, reason }, person);
    await act(request, response, { silence }, done, "sourdine");
  });

  router.post("/sourdines/travaux", async (request, response) => {
    const person = personWho(response, "mute");
    const works = readForm(request, WorksForm);
    const { form, reason, from_date, from_time } = works;
    const systems = works.systems.filter((each) => each !== "");
    const at = { date: from_date, time: from_time };
    const from = from_time === "" ? undefined : plannedInstant(at, time, "le début");
    const until = plannedInstant(works, time, "la fin");
    const wrong = [from, until].find((each) => typeof each === "string");
    const done =
      typeof from === "string" || typeof until === "string"
        ? String(wrong)
        : desk.planWorks(
            { form, systems, dependents: works.dependents === "oui", from, until, reason },
            person,
          );
    await act(request, response, { works }, done, "travaux");
  });

  router.post("/sourdines/fin", async (request, response) => {
    const person = personWho(response, "mute");
    const end = readForm(request, EndForm);
    await act(request, response, { end }, desk.endMute(end, person), "fini");
  });

  return router;
}

/** An instant typed as a date and a time, both needed; else a French sentence. */
function plannedInstant(
  typed: { date: string; time: string },
  time: FrenchTime,
  what: string,
): Instant | string {
  if (typed.date === "" || typed.time === "") return `Donnez le jour et l'heure : ${what} manque.`;
  return (
    time.instantOf(typed.date, typed.time) ??
    `Cette heure n'est pas lisible, ou n'existe pas ce jour-là (changement d'heure) : ${what}.`
  );
}

/** What an incident offers to be silenced: the outages of it, each with what states it. */
function aboutIncident({ incident, facts, systems, evidence }: Dossier) {
  const standing = facts.filter(({ withdrawn, origin }) => withdrawn === null && origin.by === "rule");
  const unique = (texts: readonly string[]) => [...new Set(texts)].slice(0, 20);
  const titles = new Map(
    standing.flatMap(({ origin }) => (origin.by === "rule" ? [[origin.rule, origin.title] as const] : [])),
  );
  return {
    id: incident.id,
    reference: incident.reference,
    facts: standing.map((fact) => ({
      label: FACTS[fact.kind].label,
      system: systems.find(({ id }) => id === fact.system)?.name ?? null,
    })),
    system: standing.find(({ system }) => system !== null)?.system ?? "",
    hosts: unique(standing.flatMap(({ subjects }) => subjects)),
    rules: unique(standing.flatMap(({ rules }) => rules ?? [])).map((id) => ({
      id,
      title: titles.get(id) ?? "",
    })),
    sources: unique(evidence.map(({ source }) => source)),
  };
}
