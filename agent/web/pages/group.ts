import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { INCIDENT_STATES } from "../../core/incident.ts";
import { type Account, type Act, mayAct } from "../../core/person.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import type { GroupDesk, GroupDossier, GroupFacility } from "../../stages/group/group-desk.ts";
import { type Refused, WRITING } from "../../stages/person-act.ts";
import { Line, readForm } from "../form.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { dossierOf } from "./incident.ts";
import { headAndRest, toneOf } from "./verdict.ts";

const Word = z.string().trim().max(100).catch("");
/** What an address asks for; nonsense is read as nothing. */
const SoughtForm = z.object({
  etablissement: Word.default(""),
  etat: Word.default(""),
  decision: z.enum(["", "oui"]).catch("").default(""),
});
const Reason = Line(WRITING.reason.most);
const Named = z.string().trim().min(1).max(100);
const LinkForm = z.object({ form: Named, ici: Named, etablissement: Named, autre: Named, motif: Reason });
const ConfirmForm = z.object({ form: Named, etablissement: Named, lien: Named, motif: Reason });
const WithdrawForm = z.object({ lien: Named, motif: Reason });

/** As everywhere, but for whose decision it is: that of a director, who is seldom the reader. */
const STATES = { ...INCIDENT_STATES, in_review: "Attend une décision" } as const;

/** Open dossiers of ours that a form offers to link. */
const OFFERED = 50;
const RUNNING = ["in_review", "open", "approved", "declared", "facts_ended", "candidate"] as const;

/** "Groupe": what the facilities that share the record have open, and what ties their dossiers together. */
export function groupPages(parts: { desk: Desk; group: GroupDesk; gate: Gate }): Router {
  const { desk, group, gate } = parts;
  const base = `/${desk.facility.id}`;
  const router = Router({ mergeParams: true });
  const addressOf = (incident: string) => `${base}/incidents/${encodeURIComponent(incident)}`;

  /** Whoever the configuration lets see the group, when their role allows the act; else 403. */
  function memberWho(response: Response, act: Exclude<Act, "decide">): Account {
    const person = personWho(response, act);
    if (group.isMember(person)) return person;
    throw new PageError(403, {
      message: "Seules les personnes désignées dans la configuration voient le groupe et lient des dossiers.",
      remedy: "Demandez à l'exploitation de vous ajouter aux membres du groupe, si c'est votre fonction.",
    });
  }

  router.get("/groupe", async (request: Request, response: Response) => {
    const person = memberWho(response, "read");
    const query = SoughtForm.parse(request.query);
    const sought = { facility: query.etablissement, state: query.etat, awaited: query.decision === "oui" };
    const facilities = await group.look(sought, person);
    const mayLink = mayAct(person, "answer");
    const ours = mayLink ? await desk.incidents({ states: [...RUNNING], limit: OFFERED }) : [];
    gate.render(request, response, {
      view: "group",
      title: "Groupe",
      model: {
        query,
        isSought: Object.values(query).some((each) => each !== ""),
        states: STATES,
        all: group.facilities,
        name: group.name,
        facilities: facilities.map((each) => facilityRow(each, addressOf)),
        mayLink,
        ours: ours.map(({ incident: { id, reference } }) => ({ id, reference })),
        newForm: desk.newForm,
        reason: WRITING.reason,
      },
    });
  });

  router.post("/groupe/lier", async (request, response) => {
    const person = memberWho(response, "answer");
    const { form, ici, etablissement, autre, motif } = readForm(request, LinkForm);
    const linking = { form, incident: ici, facility: etablissement, other: autre, reason: motif };
    const { incident } = heard(await group.link(linking, person));
    response.redirect(303, `${addressOf(incident)}?fait=lie#groupe`);
  });

  router.post("/incidents/:id/groupe/confirmer", async (request, response) => {
    const person = memberWho(response, "answer");
    const { form, etablissement, lien, motif } = readForm(request, ConfirmForm);
    const { incident } = await dossierOf(desk, request.params.id);
    const confirming = {
      ...{ form, incident: incident.id, facility: etablissement, link: lien, reason: motif },
    };
    heard(await group.confirm(confirming, person));
    response.redirect(303, `${addressOf(incident.id)}?fait=lie#groupe`);
  });

  router.post("/incidents/:id/groupe/retirer", async (request, response) => {
    const person = memberWho(response, "answer");
    const { lien, motif } = readForm(request, WithdrawForm);
    const { incident } = await dossierOf(desk, request.params.id);
    heard(await group.withdraw({ incident: incident.id, link: lien, reason: motif }, person));
    response.redirect(303, `${addressOf(incident.id)}?fait=delie#groupe`);
  });

  return router;
}

function facilityRow(facility: GroupFacility, addressOf: (incident: string) => string) {
  const { ours, dossiers, ...told } = facility;
  const row = (each: GroupDossier) => {
    const { sentence } = headAndRest(each.sentence ?? each.title);
    return {
      ...each,
      sentence,
      tone: toneOf(each.state, undefined),
      label: STATES[each.state],
      href: ours ? addressOf(each.incident) : null,
    };
  };
  return { ...told, ours, dossiers: dossiers.map(row) };
}

function heard<T extends { outcome: string }>(result: T | Refused): T {
  if (result.outcome !== "refused") return result as T;
  const { because } = result as Refused;
  throw new PageError(409, { message: `Rien n'est enregistré. ${because}` });
}
