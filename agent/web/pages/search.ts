import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { type Clock, type Instant, MICROSECONDS } from "../../core/clock.ts";
import { mayAct } from "../../core/person.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import { formatBytes } from "../../stages/french.ts";
import { unfitForHunt } from "../../stages/hunt/carry-out-hunt.ts";
import type { SearchAsked, Searches } from "../../stages/hunt/searches.ts";
import type { Refused } from "../../stages/person-act.ts";
import { Line, pickedBy, readForm } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { RECORDING_BYTES, receivedWith } from "../uploads.ts";
import { dossierOf } from "./incident.ts";
import { searchRow } from "./search-rows.ts";

const Choice = {
  host: Line(250).default(""),
  keep: z.enum(["related", "all"]).default("related"),
};
const RecordingForm = z.object(Choice);
const SourceForm = z.object({
  ...Choice,
  source: Line(200).default(""),
  sinceDate: z.string().max(10).default(""),
  sinceTime: z.string().max(8).default(""),
  untilDate: z.string().max(10).default(""),
  untilTime: z.string().max(8).default(""),
});
type Typed = Partial<z.infer<typeof SourceForm>> & { part: "recording" | "source" };
const SearchForm = z.object({ search: z.string().min(1).max(100) });

const DONE: Readonly<Record<string, string>> = {
  commence: "La recherche a commencé. Rien n'est encore donné à l'incident.",
  confirme: "C'est noté : ce qui a été trouvé est donné à l'incident.",
  abandonne: "Recherche abandonnée : l'incident n'a pas changé, et l'enregistrement est effacé.",
};
/** What an index is first asked for: the last two weeks. */
const USUAL = 14 * MICROSECONDS.day;

/** Old records searched for an incident: a recording or an index, first what would be found, then the outcome. */
export function searchPages(parts: { desk: Desk; clock: Clock; gate: Gate; searches: Searches }): Router {
  const { desk, clock, gate, searches } = parts;
  const base = `/${desk.facility.id}`;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });
  const pageOf = (incident: string) => `${base}/incidents/${encodeURIComponent(incident)}/recherche`;

  const show = async (
    request: Request,
    response: Response,
    dossier: Dossier,
    rejected?: { status: number; message: string; typed: Typed },
  ) => {
    const person = personWho(response, "read");
    const { incident } = dossier;
    const stands = searches.of(incident.id);
    const unfit = unfitForHunt(dossier);
    const now = clock.now();
    gate.render(request, response, {
      view: "search",
      title: `Chercher dans le passé, incident ${incident.reference}`,
      status: rejected?.status ?? 200,
      model: {
        here: `${base}/incidents/${encodeURIComponent(incident.id)}`,
        action: pageOf(incident.id),
        reference: incident.reference,
        done: rejected === undefined ? pickedBy(request.query.fait, DONE) : null,
        trouble: rejected?.message ?? null,
        // Under the secret of national defence nothing is shown of the dossier, nor of what was searched for it.
        search:
          stands === undefined || unfit?.code === "defence_secret"
            ? null
            : searchRow(stands.state, stands.progress),
        unfit: unfit?.because ?? null,
        maySearch: mayAct(person, "answer"),
        sources: searches.sources,
        limit: formatBytes(RECORDING_BYTES),
        hosts: incident.entities
          .filter(({ kind }) => kind === "host")
          .slice(0, 50)
          .map(({ value }) => value),
        today: time.date(now),
        usual: { date: time.date(now - USUAL), time: time.time(now - USUAL) },
        typed: rejected?.typed ?? null,
      },
    });
  };

  /** The incident, for a person who may have it searched. */
  const asking = async (request: Request, response: Response) => {
    const person = personWho(response, "answer");
    const dossier = await dossierOf(desk, String(request.params.id));
    const unfit = unfitForHunt(dossier);
    if (unfit !== undefined) throw new PageError(409, { message: unfit.because });
    return { person, dossier };
  };

  const begun = (response: Response, incident: string, done: { outcome: string } | Refused, told: string) => {
    if (done.outcome === "refused") throw new PageError(409, { message: (done as Refused).because });
    response.redirect(303, `${pageOf(incident)}?fait=${told}`);
  };

  router.get("/incidents/:id/recherche", async (request, response) => {
    personWho(response, "read");
    await show(request, response, await dossierOf(desk, request.params.id));
  });

  router.post("/incidents/:id/recherche/fichier", async (request, response) => {
    const { person, dossier } = await asking(request, response);
    const { id } = dossier.incident;
    const { host, keep } = readForm(request, RecordingForm);
    const again = (message: string) =>
      show(request, response, dossier, {
        status: 422,
        message: `Recherche non commencée : ${message}`,
        typed: { part: "recording", host, keep },
      });
    const { files, trouble } = receivedWith(response);
    const [file] = files;
    if (trouble !== null) return again(trouble);
    if (file === undefined) return again("Choisissez le fichier à chercher.");
    if (file.size === 0) return again(`« ${file.name} » est vide : vérifiez l'export.`);
    const what = { from: "recording", name: file.name, bytes: file.size } as const;
    const asked: SearchAsked = { what, host, all: keep === "all" };
    begun(response, id, await searches.begin(id, asked, file.path, person), "commence");
  });

  router.post("/incidents/:id/recherche/source", async (request, response) => {
    const { person, dossier } = await asking(request, response);
    const { id } = dossier.incident;
    const form = readForm(request, SourceForm);
    const stretch = stretchOf(form, clock.now());
    const wrong = searches.sources.includes(form.source)
      ? typeof stretch === "string"
        ? stretch
        : undefined
      : "Choisissez une des sources que l'on peut interroger.";
    if (wrong !== undefined || typeof stretch === "string")
      return show(request, response, dossier, {
        status: 422,
        message: `Recherche non commencée : ${wrong}`,
        typed: { part: "source", ...form },
      });
    const what = { from: "source", source: form.source, ...stretch } as const;
    const asked: SearchAsked = { what, host: form.host, all: form.keep === "all" };
    begun(response, id, await searches.begin(id, asked, undefined, person), "commence");
  });

  router.post("/incidents/:id/recherche/confirmer", async (request, response) => {
    const { person, dossier } = await asking(request, response);
    const { search } = readForm(request, SearchForm);
    begun(response, dossier.incident.id, searches.confirm(dossier.incident.id, search, person), "confirme");
  });

  router.post("/incidents/:id/recherche/abandonner", async (request, response) => {
    personWho(response, "answer");
    const { search } = readForm(request, SearchForm);
    const { incident } = await dossierOf(desk, request.params.id);
    begun(response, incident.id, searches.drop(incident.id, search), "abandonne");
  });

  /** The stretch of time that was typed; a French sentence when it cannot be searched. */
  function stretchOf(
    form: z.infer<typeof SourceForm>,
    now: Instant,
  ): { since: Instant; until: Instant } | string {
    const since = time.instantOf(form.sinceDate, form.sinceTime || "00:00");
    const until =
      form.untilDate === "" && form.untilTime === ""
        ? now
        : time.instantOf(form.untilDate || time.date(now), form.untilTime || "23:59");
    if (since === undefined) return "Donnez le jour (et l'heure) à partir duquel chercher.";
    if (until === undefined) return "Le jour ou l'heure de fin ne se lit pas.";
    if (since > now) return "Le début est dans le futur : vérifiez la date.";
    if (since >= until) return "Le début est après la fin : inversez-les.";
    return { since, until: Math.min(until, now) };
  }

  return router;
}
