import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { mayAct } from "../../core/person.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import { WRITING } from "../../stages/person-act.ts";
import { Line, readForm } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { typedInstant } from "../typed-instant.ts";
import { dossierOf } from "./incident.ts";
import { wayRow } from "./way-row.ts";

const CallForm = z.object({
  // What is too long is given back to its writer, not thrown away.
  reference: Line(100_000).default(""),
  date: Line(100).default(""),
  time: Line(100).default(""),
  told: Line(100_000).default(""),
  confirmed: Line(5).default(""),
});

/** What the telephone has to tell, by the fields of the text. */
const TOLD_FIELDS = [
  ...["facility_name", "finess_site", "declarant_name", "declarant_phone", "found", "occurred"],
  ...[
    "systems",
    "description",
    "patient_danger",
    "degraded_mode",
    "care_interruption",
    "beyond",
    "cause_nature",
  ],
];

/** The sheet of a call: the number, what to say, what to note; the call is recorded where it was read. */
export function callSheetPages(parts: { desk: Desk; gate: Gate; clock: Clock }): Router {
  const { desk, gate, clock } = parts;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });

  async function show(
    request: Request,
    response: Response,
    { dossier, way }: { dossier: Dossier; way: string },
    trouble?: { status: number; message: string; typed: z.infer<typeof CallForm>; confirm: boolean },
  ) {
    const person = personWho(response, "read");
    const standing = (await desk.waysOf(dossier.incident.id)).find((each) => each.way.id === way);
    const row = standing && wayRow(standing, null, dossier.deliveries);
    if (row === undefined || row.phone === null)
      throw new PageError(404, {
        message: "Aucun appel de ce nom n'est prévu dans la configuration.",
        remedy: "Revenez au dépôt de l'incident.",
      });
    const content = (dossier.filing ?? dossier.current)?.content;
    const fields = (content?.sections ?? []).flatMap((section) => section.fields);
    const mayCall = mayAct(person, row.kind === "help" ? "answer" : "record_filing");
    const { reference = "", told = "" } = trouble?.typed ?? {};
    gate.render(request, response, {
      view: "call-sheet",
      title: `Fiche d'appel, incident ${dossier.incident.reference}`,
      status: trouble?.status ?? 200,
      model: {
        way: row,
        here: `/${desk.facility.id}/incidents/${encodeURIComponent(dossier.incident.id)}`,
        reference: dossier.incident.reference,
        exercise: content?.exercise ?? desk.mode === "exercise",
        says: TOLD_FIELDS.flatMap((id) => fields.find((each) => each.id === id) ?? []),
        fingerprint: dossier.filing?.declaration.sha256 ?? null,
        noted: dossier.deliveries
          .filter((each) => each.channel === way && each.state === "delivered")
          .map(({ settled, reference, attempts }) => ({
            ...{ settled, reference },
            because: attempts.at(-1)?.because ?? "",
          })),
        mayCall,
        // The form may have gone meanwhile: what was typed has not.
        kept: mayCall && row.closed === null ? "" : [reference, told].filter(Boolean).join("\n"),
        today: time.date(clock.now()),
        limits: { text: WRITING.text },
        trouble: trouble ?? null,
        typed: trouble?.typed ?? {},
      },
    });
  }

  router.get("/incidents/:id/appel/:way", async (request, response) => {
    personWho(response, "read");
    const { id, way } = request.params;
    await show(request, response, { dossier: await dossierOf(desk, id), way });
  });

  router.post("/incidents/:id/appel/:way", async (request, response) => {
    const person = personWho(response, "answer");
    const typed = readForm(request, CallForm);
    const { id, way } = request.params;
    const dossier = await dossierOf(desk, id);
    const again = (status: number, message: string, confirm = false) =>
      show(request, response, { dossier, way }, { status, message, typed, confirm });
    const at = typedInstant(typed, time, clock.now());
    if (typeof at === "string") return again(422, at);
    const { reference, told } = typed;
    const confirmed = typed.confirmed === "oui";
    const call = { incident: dossier.incident.id, channel: way, reference, told, at, confirmed };
    const result = await desk.recordFiling(call, person);
    if (result.outcome === "refused") {
      const status = result.code === "not_allowed" ? 403 : result.code === "unknown_delivery" ? 404 : 422;
      return again(
        status,
        `Rien n'est encore enregistré : ${result.because}`,
        result.code === "reference_doubtful",
      );
    }
    response.redirect(
      303,
      `/${desk.facility.id}/incidents/${encodeURIComponent(id)}/appel/${encodeURIComponent(way)}`,
    );
  });

  return router;
}
