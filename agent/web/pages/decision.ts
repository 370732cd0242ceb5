import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { Proof } from "../../core/decision.ts";
import { contentOf, type DeclarationContent } from "../../core/declaration.ts";
import { FACTS } from "../../core/fact.ts";
import type { Account } from "../../core/person.ts";
import { checkText } from "../../stages/decide/check-text.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import type { Refused, Stale, TextSeen } from "../../stages/person-act.ts";
import { pickedBy, readForm, TextFields } from "../form.ts";
import { type Gate, personWho } from "../gate.ts";
import type { ProvePerson } from "../prove-person.ts";
import { FactorFields } from "../second-factor.ts";
import { decisionModel } from "./decision-view.ts";
import { dossierOf } from "./incident.ts";

const COMMENT = 4000;
const Comment = z.string().trim().max(COMMENT).default("");
const DecisionForm = z.object({
  ...TextFields,
  ...FactorFields,
  comment: Comment,
  /** When the page was made: what came since is told to who decides too late. */
  vu: z.coerce.number().int().min(0).catch(0),
});
type DecisionForm = z.infer<typeof DecisionForm>;
const HandForm = z.object({ to: z.string().max(100).default(""), comment: Comment });

/** What was just done, shown after the redirect; the address only picks one of these. */
const DONE: Readonly<Record<string, string>> = {
  attend:
    "Votre demande de ne pas déclarer est enregistrée. Elle ne vaut pas encore décision : une seconde personne doit confirmer. Le directeur est prévenu.",
  retire: "Votre demande est retirée : le texte attend de nouveau une décision.",
  refuse: "Vous n'avez pas confirmé : le texte attend de nouveau une décision. La personne est prévenue.",
  renvoye: "Texte renvoyé avec votre commentaire. Ceux qui le corrigent sont prévenus.",
  passe: "La main est passée. Le texte est au nom de cette personne, qui est prévenue.",
  rendu: "La main est rendue. La personne est prévenue.",
  charge: "Le texte est à votre nom : relisez-le.",
};

/** Something that changed since a text was read, and who changed it. */
interface Changed {
  label: string;
  by: string | null;
}

export interface DecisionTrouble {
  status: number;
  form: string;
  message: string;
  /** What was typed, given back. */
  comment?: string;
  changed?: Changed[];
}

/** One form about the text that stands; `proof` asks for the second factor. */
type TextAct = {
  path: string;
  /** Least length of the comment, and what is said when it is shorter. */
  comment?: { least: number; message: string };
  done: (outcome: string) => string;
} & (
  | { proof: true; run(text: TextSeen, given: { comment: string; proof: Proof }, person: Account): Outcome }
  | { proof: false; run(text: TextSeen, given: { comment: string }, person: Account): Outcome }
);
type Outcome = Promise<{ outcome: string } | Stale | Refused>;

/** The page of a decision: the exact text, and what a person may do with it. */
export function decisionPages(parts: { desk: Desk; clock: Clock; gate: Gate; prove: ProvePerson }): Router {
  const { desk, clock, gate, prove } = parts;
  const base = `/${desk.facility.id}`;
  const router = Router({ mergeParams: true });
  const addressOf = (dossier: Dossier) => `${base}/incidents/${encodeURIComponent(dossier.incident.id)}`;

  const show = async (request: Request, response: Response, dossier: Dossier, trouble?: DecisionTrouble) => {
    const person = personWho(response, "read");
    const colleagues = await desk.deciders();
    gate.render(request, response, {
      view: "decision",
      title: `Décision, incident ${dossier.incident.reference}`,
      status: trouble?.status ?? 200,
      model: {
        ...decisionModel(dossier, { person, colleagues, now: clock.now() }),
        here: addressOf(dossier),
        done: trouble === undefined ? pickedBy(request.query.fait, DONE) : null,
        trouble: trouble ?? null,
      },
    });
  };

  const explain = async (
    request: Request,
    response: Response,
    { text, form, result }: { text: TextSeen; form: DecisionForm; result: Stale | Refused },
  ): Promise<void> => {
    const dossier = await dossierOf(desk, text.incident);
    await show(request, response, dossier, {
      ...explained(dossier, text, { result, since: form.vu }),
      comment: form.comment,
    });
  };

  router.get("/incidents/:id/decision", async (request, response) => {
    personWho(response, "read");
    await show(request, response, await dossierOf(desk, request.params.id));
  });

  const acts: TextAct[] = [
    {
      path: "valider",
      proof: true,
      done: () => "valide",
      run: (text, { proof }, person) => desk.approve(text, proof, person),
    },
    {
      path: "ecarter",
      proof: true,
      comment: {
        least: 10,
        message: "Écrivez le motif (une phrase au moins) : une non-déclaration est gardée avec sa raison.",
      },
      done: (outcome) => (outcome === "second_awaited" ? "attend" : "ecarte"),
      run: (text, { comment, proof }, person) => desk.setAside(text, comment, proof, person),
    },
    {
      path: "confirmer",
      proof: true,
      done: () => "ecarte",
      run: (text, { proof }, person) => desk.confirmSetAside(text, proof, person),
    },
    {
      path: "ne-pas-confirmer",
      proof: false,
      done: (outcome) => (outcome === "withdrawn" ? "retire" : "refuse"),
      run: (text, { comment }, person) => desk.endSetAside(text, comment, person),
    },
    {
      path: "renvoyer",
      proof: false,
      comment: { least: 10, message: "Écrivez ce qui est à corriger (une phrase au moins)." },
      done: () => "renvoye",
      run: (text, { comment }, person) => desk.sendBack(text, comment, person),
    },
  ];
  for (const act of acts)
    router.post(`/incidents/:id/decision/${act.path}`, async (request, response) => {
      const person = personWho(response, "decide");
      const form = readForm(request, DecisionForm);
      const dossier = await dossierOf(desk, request.params.id);
      const { declaration, version, sha256, comment } = form;
      const text = { incident: dossier.incident.id, declaration, version, sha256 };
      const wrong = checkText(dossier, text);
      // Before the code is spent: it may serve for the text that stands now.
      if (wrong !== undefined) return explain(request, response, { text, form, result: wrong });
      if (act.comment !== undefined && comment.length < act.comment.least) {
        const { message } = act.comment;
        return show(request, response, dossier, { status: 422, form: act.path, message, comment });
      }
      let result: Awaited<Outcome>;
      if (act.proof) {
        const proven = await prove(request, person, form, `decider ${sha256}`);
        if (proven.outcome === "unproven") {
          const { message } = proven;
          return show(request, response, dossier, { status: 403, form: act.path, message, comment });
        }
        result = await act.run(text, { comment, proof: proven.proof }, person);
      } else result = await act.run(text, { comment }, person);
      if (isWrong(result)) return explain(request, response, { text, form, result });
      response.redirect(303, `${addressOf(dossier)}/decision?fait=${act.done(result.outcome)}`);
    });

  router.post("/incidents/:id/decision/passer", async (request, response) => {
    const person = personWho(response, "decide");
    const { to, comment } = readForm(request, HandForm);
    const dossier = await dossierOf(desk, request.params.id);
    const result = await desk.handOver({ incident: dossier.incident.id, to, comment }, person);
    if (result.outcome === "refused") {
      const message = `La main n'est pas passée : ${result.because}`;
      const fresh = await dossierOf(desk, request.params.id);
      return show(request, response, fresh, { status: 409, form: "passer", message, comment });
    }
    response.redirect(303, `${addressOf(dossier)}/decision?fait=passe`);
  });

  router.post("/incidents/:id/decision/rendre", async (request, response) => {
    const person = personWho(response, "decide");
    const { comment } = readForm(request, HandForm);
    const dossier = await dossierOf(desk, request.params.id);
    const result = await desk.handBack({ incident: dossier.incident.id, comment }, person);
    if (result.outcome === "refused") {
      const fresh = await dossierOf(desk, request.params.id);
      const message = `La main n'est pas rendue : ${result.because}`;
      return show(request, response, fresh, { status: 409, form: "text", message });
    }
    response.redirect(303, `${addressOf(dossier)}/decision?fait=rendu`);
  });

  return router;
}

export function isWrong(result: { outcome: string }): result is Stale | Refused {
  return result.outcome === "stale" || result.outcome === "refused";
}

/** What happened instead of a decision, in French, and what changed since the page was made. */
export function explained(
  dossier: Dossier,
  seen: TextSeen,
  { result, since }: { result: Stale | Refused; since: number },
): DecisionTrouble {
  if (result.outcome === "refused")
    return {
      status: result.code === "not_allowed" ? 403 : 409,
      form: "text",
      message: `Décision non enregistrée : ${result.because}`,
    };
  const now =
    result.current === null
      ? ""
      : `, voici la version ${result.current.version} (${result.current.sha256.slice(0, 6)})`;
  return {
    status: 409,
    form: "text",
    message: `Le texte a changé pendant votre lecture : vous aviez la version ${seen.version} (${seen.sha256.slice(0, 6)})${now}. Rien n'est décidé. Relisez, puis décidez sur ce nouveau texte.`,
    changed: changedOf(dossier, seen, since),
  };
}

/** What differs from the version that was read, where it is still in the record; else what came since it was read. */
function changedOf({ current, facts, declarations }: Dossier, seen: TextSeen, since: number): Changed[] {
  const fields = (content: DeclarationContent) => content.sections.flatMap((section) => section.fields);
  const now = current === undefined ? [] : fields(current.content);
  const before = declarations.find((each) => each.sha256 === seen.sha256);
  const old = before && new Map(fields(contentOf(before)).map((field) => [field.id, field.value]));
  const changed = now.flatMap(({ id, label, value, provenance }) => {
    const differs =
      old === undefined ? provenance.by === "person" && provenance.at > since : old.get(id) !== value;
    if (!differs) return [];
    return [{ label, by: provenance.by === "person" ? provenance.name : null }];
  });
  const known = facts
    .filter(({ stated, withdrawn }) => since > 0 && (withdrawn?.at ?? stated) > since)
    .map(({ kind, withdrawn }) => `${withdrawn === null ? "Fait" : "Fait retiré"} : ${FACTS[kind].label}`);
  return [...changed, ...[...new Set(known)].map((label) => ({ label, by: null }))].slice(0, 20);
}
