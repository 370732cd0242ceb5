import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { contentOf, DECLARATION_KINDS, type DeclarationContent } from "../../core/declaration.ts";
import { type Account, mayAct, ROLES } from "../../core/person.ts";
import type { Desk, Dossier, Refused, Stale, TextSeen } from "../../stages/desk/desk.ts";
import type { Store } from "../../store/store.ts";
import { type Attempts, placeOf } from "../attempts.ts";
import { Line, readForm, TextFields } from "../form.ts";
import { type Gate, personWho } from "../gate.ts";
import { spendCode } from "../one-time-code.ts";
import { PageError } from "../page-error.ts";
import { deliveryRows, stateWords, sufficient } from "./dossier-view.ts";
import { DONE, dossierOf } from "./incident.ts";
import { nextStep, verdictOf } from "./verdict.ts";

const ApproveForm = z.object({ ...TextFields, code: z.string().max(20) });
const SetAsideForm = z.object({ ...TextFields, code: z.string().max(20), reason: Line(4000) });

interface Trouble {
  status: number;
  form: "approve" | "set_aside" | "text";
  message: string;
  reason?: string;
  changed?: string[];
}

/** The exact text, and the two decisions a person may take on it. */
export function declarationPages(parts: {
  desk: Desk;
  store: Store;
  clock: Clock;
  gate: Gate;
  attempts: Attempts;
}): Router {
  const { desk, store, clock, gate, attempts } = parts;
  const base = `/${desk.facility.id}`;
  const router = Router({ mergeParams: true });

  const show = (request: Request, response: Response, dossier: Dossier, trouble?: Trouble) => {
    const person = personWho(response, "read");
    const { current } = dossier;
    const decision = dossier.decisions.findLast((each) => each.sha256 === current?.declaration.sha256);
    gate.render(request, response, {
      view: "declaration",
      title: `Texte à décider, incident ${dossier.incident.reference}`,
      status: trouble?.status ?? 200,
      model: {
        verdict: verdictOf(dossier),
        next: nextStep(dossier, person, base),
        here: `${base}/incidents/${encodeURIComponent(dossier.incident.id)}`,
        current: current?.declaration ?? null,
        content: current?.content ?? null,
        kind: current === undefined ? "" : DECLARATION_KINDS[current.declaration.kind],
        stateLabel:
          current === undefined
            ? ""
            : stateWords(current.declaration, current.content.exercise, dossier.deliveries),
        fingerprint: fingerprintGroups(current?.declaration.sha256 ?? ""),
        sufficient: sufficient(current?.content.criteria ?? []),
        decision: decision ?? null,
        deliveries: deliveryRows(
          dossier.deliveries.filter((each) => each.sha256 === current?.declaration.sha256),
        ),
        mayDecide: mayAct(person, "decide") && current?.declaration.state === "draft",
        namedOther: namedOther(current?.content, person),
        done: trouble === undefined ? (DONE[String(request.query.fait)] ?? null) : null,
        mayEdit: mayAct(person, "edit"),
        role: ROLES[person.role],
        trouble: trouble ?? null,
      },
    });
  };

  /** Everything a decision needs before it is taken: the text still stands and the code proves the person. */
  const prove = async (
    request: Request,
    person: Account,
    seen: { text: TextSeen; code: string },
    dossier: Dossier,
  ): Promise<
    { outcome: "proven" } | Stale | Refused | { outcome: "code"; status: number; message: string }
  > => {
    const current = currentOf(dossier);
    if (!sameText(current, seen.text)) return { outcome: "stale", current };
    if (dossier.current?.declaration.state !== "draft") {
      return {
        outcome: "refused",
        code: "already_decided",
        because: "Ce texte a déjà fait l'objet d'une décision.",
      };
    }
    // Per session: whoever holds another session of this person, or none, cannot lock it.
    const keys = [
      { width: "narrow", key: `decide ${person.id} ${request.sessionID}` },
      { width: "wide", key: `decide ${placeOf(request.ip)}` },
    ] as const;
    const allowed = await attempts.take(keys);
    if (allowed.outcome === "wait") {
      request.res?.setHeader("Retry-After", String(allowed.seconds));
      throw new PageError(429, {
        message: "Trop de codes erronés dans cette session : aucune décision n'est enregistrée.",
        remedy: `Attendez ${Math.ceil(allowed.seconds / 60)} min, ou reconnectez-vous.`,
      });
    }
    const use = { facility: desk.facility.id, account: person.id, code: seen.code, at: clock.now() };
    const code = await spendCode(store, use);
    if (code === "spent") {
      await attempts.succeeded(keys);
      return { outcome: "proven" };
    }
    return {
      outcome: "code",
      status: 403,
      message:
        code === "used"
          ? "Ce code a déjà servi. Attendez le suivant (30 secondes au plus) : rien n'est décidé."
          : "Code incorrect : rien n'est décidé. Recopiez le code affiché maintenant par votre application.",
    };
  };

  const explain = async (
    request: Request,
    response: Response,
    seen: TextSeen,
    result: Stale | Refused,
    reason?: string,
  ): Promise<void> => {
    const dossier = await dossierOf(desk, seen.incident);
    const kept = reason === undefined ? {} : { reason };
    if (result.outcome === "refused") {
      const message = `Décision non enregistrée : ${result.because}`;
      show(request, response, dossier, {
        status: result.code === "not_allowed" ? 403 : 409,
        form: "text",
        message,
        ...kept,
      });
      return;
    }
    const message = `Le texte a changé pendant votre lecture : vous aviez la version ${seen.version} (${seen.sha256.slice(0, 6)})${
      result.current === null
        ? ""
        : `, voici la version ${result.current.version} (${result.current.sha256.slice(0, 6)})`
    }. Rien n'est décidé. Relisez, puis décidez sur ce nouveau texte.`;
    show(request, response, dossier, {
      status: 409,
      form: "text",
      message,
      changed: changedLabels(dossier, seen),
      ...kept,
    });
  };

  router.get("/incidents/:id/declaration", async (request, response) => {
    personWho(response, "read");
    show(request, response, await dossierOf(desk, request.params.id));
  });

  router.post("/incidents/:id/declaration/valider", async (request, response) => {
    const person = personWho(response, "decide");
    const form = readForm(request, ApproveForm);
    const dossier = await dossierOf(desk, request.params.id);
    const text = {
      incident: dossier.incident.id,
      declaration: form.declaration,
      version: form.version,
      sha256: form.sha256,
    };
    const proven = await prove(request, person, { text, code: form.code }, dossier);
    if (proven.outcome === "stale" || proven.outcome === "refused")
      return explain(request, response, text, proven);
    if (proven.outcome === "code") {
      return show(request, response, dossier, {
        status: proven.status,
        form: "approve",
        message: proven.message,
      });
    }
    const result = await desk.approve(text, { channel: "web", second_factor: "totp" }, person);
    if (result.outcome !== "approved") return explain(request, response, text, result);
    response.redirect(303, `${base}/incidents/${encodeURIComponent(dossier.incident.id)}/declaration`);
  });

  router.post("/incidents/:id/declaration/ecarter", async (request, response) => {
    const person = personWho(response, "decide");
    const form = readForm(request, SetAsideForm);
    const dossier = await dossierOf(desk, request.params.id);
    const text = {
      incident: dossier.incident.id,
      declaration: form.declaration,
      version: form.version,
      sha256: form.sha256,
    };
    if (form.reason.length < 10) {
      const message =
        "Écrivez le motif (une phrase au moins) : une non-déclaration est gardée avec sa raison.";
      return show(request, response, dossier, {
        status: 422,
        form: "set_aside",
        message,
        reason: form.reason,
      });
    }
    const proven = await prove(request, person, { text, code: form.code }, dossier);
    if (proven.outcome === "stale" || proven.outcome === "refused")
      return explain(request, response, text, proven, form.reason);
    if (proven.outcome === "code") {
      const { status, message } = proven;
      return show(request, response, dossier, { status, form: "set_aside", message, reason: form.reason });
    }
    const result = await desk.setAside(text, form.reason, { channel: "web", second_factor: "totp" }, person);
    if (result.outcome !== "set_aside") return explain(request, response, text, result, form.reason);
    response.redirect(303, `${base}/incidents/${encodeURIComponent(dossier.incident.id)}/declaration`);
  });

  return router;
}

/** What stands now, as a decision must name it. */
export function currentOf(dossier: Dossier): Stale["current"] {
  const declaration = dossier.current?.declaration;
  return declaration
    ? { declaration: declaration.id, version: declaration.version, sha256: declaration.sha256 }
    : null;
}

/** Says whether the text decided on is the one that stands. */
export function sameText(current: Stale["current"], seen: Omit<TextSeen, "incident">): boolean {
  return (
    current?.declaration === seen.declaration &&
    current.version === seen.version &&
    current.sha256 === seen.sha256
  );
}

/** Groups of eight hexadecimal digits: what two people can read to each other. */
export function fingerprintGroups(sha256: string): string[] {
  return sha256.match(/.{1,8}/g) ?? [];
}

// The declarant is part of what is declared: the desk refuses an approval in another's name.
function namedOther(content: DeclarationContent | undefined, person: Account): string | null {
  const named = content?.sections
    .flatMap((section) => section.fields)
    .find((field) => field.id === "declarant_name");
  if (named === undefined || named.provenance.by === "person" || named.value === person.name) return null;
  return named.value ?? "personne";
}

// Only when the version read is still in the record: a draft changed in place says no more than its new text.
function changedLabels({ declarations, current }: Dossier, seen: TextSeen): string[] {
  const before = declarations.find((each) => each.sha256 === seen.sha256);
  if (before === undefined || current === undefined) return [];
  const values = (content: DeclarationContent) =>
    new Map(
      content.sections
        .flatMap((section) => section.fields)
        .map((field) => [field.label, field.unknown ? "?" : field.value]),
    );
  const old = values(contentOf(before));
  return [...values(current.content)]
    .filter(([label, value]) => old.get(label) !== value)
    .map(([label]) => label);
}
