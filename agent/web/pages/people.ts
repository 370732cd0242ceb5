import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { TocsinError } from "../../core/errors.ts";
import type { NewId } from "../../core/id.ts";
import type { NoteKind } from "../../core/journal.ts";
import {
  type Account,
  mayAct,
  REVIEW_EVERY,
  REVIEW_OUTCOMES,
  type Review,
  ReviewOutcome,
  ROLES,
  Role,
} from "../../core/person.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import type { Store, Write } from "../../store/store.ts";
import type { Access } from "../access.ts";
import { type AccountParts, changeAccount, createAccount, madePassword, renewMeans } from "../accounts.ts";
import type { Attempts } from "../attempts.ts";
import { Line, pickedBy, readForm } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { proveAgain } from "../prove-again.ts";
import { FactorFields } from "../second-factor.ts";
import { houseFaults, MOST_SHOWN, mayManage, personRow } from "./person-rows.ts";

const Email = Line(200).pipe(z.union([z.literal(""), z.email()]));
const PersonFields = {
  name: Line(120).pipe(z.string().min(3)),
  function: Line(120),
  email: Email,
  phone: Line(30).pipe(z.string().regex(/^[+0-9 ().-]*$/)),
  identity: Line(200),
  role: Role,
};
const Checked = z
  .literal("oui")
  .optional()
  .transform((given) => given !== undefined);
const NewForm = z.object({
  ...FactorFields,
  ...PersonFields,
  login: Line(63)
    .toLowerCase()
    .pipe(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/)),
  emergency: Checked,
});
const EditForm = z.object({ ...FactorFields, ...PersonFields });
const FactorForm = z.object(FactorFields);
const ReviewForm = z.object({
  ...FactorFields,
  outcome: ReviewOutcome.default("kept"),
  note: Line(500).default(""),
});
const RenewForm = z.object({ ...FactorFields, password: Checked });
const Day = z.string().regex(/^\d{4}-\d\d-\d\d$/);
const DelegationForm = z.object({
  ...FactorFields,
  from: Day,
  until: z.union([z.literal(""), Day]),
  by: Line(120).pipe(z.string().min(3)),
  document: Line(120).pipe(z.string().min(2)),
  scope: Line(1000),
  published: z.union([z.literal(""), Day]),
});
const EndForm = z.object({ ...FactorFields, index: z.coerce.number().int().min(0).max(1000) });

const DONE: Readonly<Record<string, string>> = {
  modifie: "Le compte est modifié. Si son rôle a changé, ses sessions sont terminées.",
  desactive: "Le compte est désactivé et ses sessions sont terminées.",
  reactive: "Le compte est de nouveau actif.",
  delegation: "L'acte de délégation est enregistré.",
  fin: "La délégation est terminée à compter de maintenant.",
  revue: "La revue du compte est enregistrée.",
  ferme: "La revue est enregistrée : le compte est désactivé et ses sessions sont terminées.",
};

/** "Personnes et accès": who may do what, by which act, with which means; every change asks for a second factor. */
export function peoplePages(parts: {
  desk: Desk;
  store: Store;
  clock: Clock;
  access: Access;
  attempts: Attempts;
  newId: NewId;
}): Router {
  const { desk, store, clock, access } = parts;
  const { gate } = access;
  const facility = desk.facility.id;
  const here = `/${facility}/personnes`;
  const account: AccountParts = { store, clock, facility: { id: facility, name: desk.facility.name } };
  const zone = desk.facility.timeZone;
  const time = frenchTime(zone);
  const router = Router({ mergeParams: true });

  const named = async (request: Request<{ id?: string }>): Promise<Account> => {
    const stored = await store.reads.record(facility, "account", request.params.id ?? "");
    if (stored === undefined) throw new PageError(404);
    return stored.content;
  };
  /** The person who manages, once they proved to be there and hold what they give. */
  const manager = async (
    request: Request,
    response: Response,
    given: z.infer<typeof FactorForm>,
    roles: readonly Role[],
  ): Promise<Account> => {
    const person = personWho(response, "manage_people");
    if (!roles.every((role) => mayManage(person, role)))
      throw new PageError(403, {
        message: "Seul le directeur gère les comptes de ceux qui décident.",
        remedy: "Demandez-lui de le faire, ou à l'informatique avec « tocsin account ».",
      });
    await proveAgain(request, person, { given, act: "personnes" }, { ...parts, factors: access.factors });
    return person;
  };
  const noted = (what: NoteKind, by: Account, content: object): Write => {
    return { write: "note", what, incident: null, content: { ...content, by: by.id, name: by.name } };
  };
  const changed = async (id: string, change: (account: Account) => Account, beside: Write[]) => {
    const done = await changeAccount({ ...account }, id, change, () => beside);
    if (done === undefined)
      throw new PageError(409, { remedy: "Rouvrez « Personnes et accès », puis recommencez." });
  };
  const notOneself = (person: Account, target: Account) => {
    if (person.id === target.id)
      throw new PageError(403, {
        message: "Personne ne change son propre rôle, sa propre délégation ni ne se désactive.",
        remedy: "Demandez-le à une autre personne qui gère les accès.",
      });
  };

  // Who may not manage is not told what a form should hold.
  router.use("/personnes", (request, response, next) => {
    if (request.method === "POST") personWho(response, "manage_people");
    next();
  });

  router.get("/personnes", async (_request, response) => {
    const person = personWho(response, "read");
    const stored = await store.reads.byState(facility, "account", [], { limit: MOST_SHOWN });
    const accounts = stored.map(({ content }) => content);
    const rows = await Promise.all(accounts.map((each) => personRow(each, { store, clock, facility, zone })));
    rows.sort((a, b) => a.account.name.localeCompare(b.account.name, "fr"));
    gate.render(_request, response, {
      view: "people",
      title: "Personnes et accès",
      model: {
        people: rows.filter((row) => row.account.active),
        closed: rows.filter((row) => !row.account.active),
        faults: houseFaults(accounts, clock.now()),
        mayManage: mayAct(person, "manage_people"),
        roles: Object.entries(ROLES).filter(([role]) => mayManage(person, role as Role)),
      },
    });
  });

  router.get("/personnes/:id", async (request, response) => {
    const person = personWho(response, "read");
    const target = await named(request);
    gate.render(request, response, {
      view: "person",
      title: target.name,
      model: {
        row: await personRow(target, { store, clock, facility, zone }),
        target,
        here: `${here}/${encodeURIComponent(target.id)}`,
        own: person.id === target.id,
        mayManage: mayAct(person, "manage_people") && mayManage(person, target.role),
        roles: Object.entries(ROLES).filter(([role]) => mayManage(person, role as Role)),
        reviewDue: (target.reviewed?.at ?? target.created) + REVIEW_EVERY,
        today: time.date(clock.now()),
        outcomes: REVIEW_OUTCOMES,
        done: pickedBy(request.query.fait, DONE),
      },
    });
  });

  router.post("/personnes", async (request, response) => {
    const form = readForm(request, NewForm);
    const by = await manager(request, response, form, [form.role]);
    reachable(form);
    const password = madePassword();
    const { code: _, passkey: __, emergency, ...person } = form;
    try {
      const made = await createAccount(
        { ...account, newId: parts.newId },
        { ...person, password, sealedBy: emergency ? by.name : undefined },
        ({ id }) => [noted("account_made", by, { account: id })],
      );
      gate.render(request, response, {
        view: "means",
        title: "Nouveau compte",
        model: { whose: made.account, means: made, password, back: here },
      });
    } catch (error) {
      if (!(error instanceof TocsinError) || error.code !== "login_taken") throw error;
      throw new PageError(409, {
        message: "Cet identifiant existe déjà : rien n'est enregistré.",
        remedy: "Revenez à la page précédente et choisissez-en un autre.",
      });
    }
  });

  router.post("/personnes/:id", async (request, response) => {
    const { code, passkey, identity, ...form } = readForm(request, EditForm);
    const target = await named(request);
    const by = await manager(request, response, { code, passkey }, [target.role, form.role]);
    if (form.role !== target.role) notOneself(by, target);
    if (target.emergency === undefined) reachable({ ...form, emergency: false });
    const ending: Write[] = form.role === target.role ? [] : [access.sessions.ending(target.id)];
    const change = ({ identity: _, ...all }: Account): Account => {
      return { ...all, ...form, ...(identity === "" ? {} : { identity }) };
    };
    const write = noted("account_changed", by, { account: target.id });
    await changed(target.id, change, [...ending, write]);
    response.redirect(303, `${here}/${encodeURIComponent(target.id)}?fait=modifie`);
  });

  router.post("/personnes/:id/activite", async (request, response) => {
    const form = readForm(request, FactorForm);
    const target = await named(request);
    const by = await manager(request, response, form, [target.role]);
    notOneself(by, target);
    const active = !target.active;
    const write = noted(active ? "account_reopened" : "account_closed", by, { account: target.id });
    await changed(target.id, (all) => ({ ...all, active }), [access.sessions.ending(target.id), write]);
    const done = active ? "reactive" : "desactive";
    response.redirect(303, `${here}/${encodeURIComponent(target.id)}?fait=${done}`);
  });

  router.post("/personnes/:id/moyens", async (request, response) => {
    const form = readForm(request, RenewForm);
    const target = await named(request);
    const by = await manager(request, response, form, [target.role]);
    const password = form.password || target.emergency !== undefined ? madePassword() : undefined;
    const means = await renewMeans(account, { account: target.id, password, by: by.name });
    if (means === undefined) throw new PageError(409);
    gate.render(request, response, {
      view: "means",
      title: "Nouveaux moyens de connexion",
      model: { whose: target, means, password: password ?? null, back: here },
    });
  });

  router.post("/personnes/:id/delegation", async (request, response) => {
    const form = readForm(request, DelegationForm);
    const target = await named(request);
    const by = await manager(request, response, form, [target.role]);
    notOneself(by, target);
    const from = time.instantOf(form.from, "00:00");
    const until = form.until === "" ? null : time.instantOf(form.until, "00:00");
    if (from === undefined || until === undefined || (until !== null && until <= from))
      throw new PageError(422, { message: "La fin de la délégation précède son début." });
    const recorded = { at: clock.now(), by: by.name };
    const act = { from, until, by: form.by, document: form.document, scope: form.scope };
    const delegation = { ...act, published: form.published, recorded };
    const write = noted("delegation_recorded", by, { account: target.id, document: form.document });
    await changed(
      target.id,
      (all) => ({ ...all, delegations: [...(all.delegations ?? []), delegation].slice(-50) }),
      [write],
    );
    response.redirect(303, `${here}/${encodeURIComponent(target.id)}?fait=delegation`);
  });

  router.post("/personnes/:id/delegation/fin", async (request, response) => {
    const form = readForm(request, EndForm);
    const target = await named(request);
    const by = await manager(request, response, form, [target.role]);
    const now = clock.now();
    const ended = target.delegations?.[form.index];
    if (ended === undefined || (ended.until !== null && ended.until <= now)) throw new PageError(409);
    const write = noted("delegation_ended", by, { account: target.id, document: ended.document });
    const delegations = target.delegations?.with(form.index, { ...ended, until: now });
    await changed(target.id, (all) => ({ ...all, ...(delegations && { delegations }) }), [write]);
    response.redirect(303, `${here}/${encodeURIComponent(target.id)}?fait=fin`);
  });

  router.post("/personnes/:id/revue", async (request, response) => {
    const { outcome, note, ...form } = readForm(request, ReviewForm);
    const target = await named(request);
    const by = await manager(request, response, form, [target.role]);
    const closes = outcome === "closed" && target.active;
    if (closes) notOneself(by, target);
    if (outcome === "changed" && note === "")
      throw new PageError(422, { message: "Dites ce qui change, ou ce qui est à changer." });
    const reviewed: Review = { at: clock.now(), by: by.name, outcome, ...(note !== "" && { note }) };
    const content = { account: target.id, login: target.login, outcome, note };
    const ending: Write[] = closes ? [access.sessions.ending(target.id)] : [];
    const change = (all: Account): Account => ({ ...all, reviewed, ...(closes && { active: false }) });
    await changed(target.id, change, [...ending, noted("account_reviewed", by, content)]);
    response.redirect(303, `${here}/${encodeURIComponent(target.id)}?fait=${closes ? "ferme" : "revue"}`);
  });

  return router;
}

function reachable(person: { email: string; phone: string; emergency: boolean }): void {
  if (person.emergency || person.email !== "" || person.phone !== "") return;
  throw new PageError(422, {
    message:
      "Une personne sans moyen de contact ne peut pas être prévenue : donnez un téléphone ou un courriel.",
    remedy: "Revenez à la page précédente et complétez.",
  });
}
