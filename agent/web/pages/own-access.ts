import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { type Clock, MICROSECONDS } from "../../core/clock.ts";
import type { NoteKind } from "../../core/journal.ts";
import { type Account, type Factors, mayAct, ROLES } from "../../core/person.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import type { Store, Write } from "../../store/store.ts";
import type { Access } from "../access.ts";
import { madePassword, renewMeans } from "../accounts.ts";
import type { Attempts } from "../attempts.ts";
import { Line, pickedBy, readForm } from "../form.ts";
import { personWho } from "../gate.ts";
import { MOST_OWN_KEYS, makeOwnKey } from "../own-key.ts";
import { PageError } from "../page-error.ts";
import { MOST_PASSKEYS } from "../passkeys.ts";
import { proveAgain } from "../prove-again.ts";
import { makeRecoveryCodes, recoveryLeft } from "../recovery-codes.ts";
import { FactorFields } from "../second-factor.ts";
import { SIGN_IN_WAYS } from "../session-store.ts";

const SessionForm = z.object({ mark: z.string().regex(/^[0-9a-f]{16}$/) });
const FactorForm = z.object(FactorFields);
const NewKeyForm = z.object({ ...FactorFields, name: Line(60).pipe(z.string().min(1)) });
const MadeKeyForm = z.object({ grant: z.string().max(2000), passkey: z.string().min(2).max(20_000) });
const DropKeyForm = z.object({ ...FactorFields, id: z.string().min(1).max(1400) });

const DropOwnKeyForm = z.object({ ...FactorFields, id: z.string().regex(/^[0-9a-f]{16}$/) });

const GRANT_LASTS = 10 * MICROSECONDS.minute;
const DONE: Readonly<Record<string, string>> = {
  session: "La session est terminée.",
  sessions: "Toutes vos autres sessions sont terminées.",
  cle: "Votre clé d'accès est enregistrée.",
  "cle-retiree": "La clé d'accès est retirée.",
  "signature-retiree": "La clé de signature est retirée : ce qu'elle signerait est refusé.",
};

/** "Mon accès": a person's own sessions, passkeys, recovery codes and keys to sign with; every change of a means asks for one of them. */
export function ownAccessPages(parts: {
  desk: Desk;
  store: Store;
  clock: Clock;
  access: Access;
  attempts: Attempts;
}): Router {
  const { desk, store, clock, access } = parts;
  const { gate, sessions, passkeys, sealed } = access;
  const facility = desk.facility.id;
  const here = `/${facility}/acces`;
  const router = Router({ mergeParams: true });

  const change = async (account: Account, alter: (factors: Factors) => Factors, note: Write) => {
    const { revision, factors } = await store.reads.factors(facility, account.id);
    const write: Write = {
      write: "factors",
      account: account.id,
      revision: revision + 1,
      factors: alter(factors),
    };
    const receipt = await store.commit({ facility, at: clock.now(), writes: [write, note] });
    if (receipt.outcome === "conflict") throw new PageError(409);
  };
  const noted = (what: NoteKind, account: Account, content: object = {}): Write => {
    return {
      write: "note",
      what,
      incident: null,
      content: { account: account.id, name: account.name, ...content },
    };
  };
  const again = (request: Request, response: Response, given: z.infer<typeof FactorForm>) => {
    const person = personWho(response, "read");
    return proveAgain(request, person, { given, act: "acces" }, { ...parts, factors: access.factors });
  };

  router.get("/acces", async (request, response) => {
    const person = personWho(response, "read");
    const { factors } = await store.reads.factors(facility, person.id);
    const credentials = await store.reads.credentials(facility, person.id);
    gate.render(request, response, {
      view: "own-access",
      title: "Mon accès",
      model: {
        role: ROLES[person.role],
        rows: (await sessions.of(person.id, request)).map((row) => ({ ...row, via: SIGN_IN_WAYS[row.via] })),
        keys: factors.passkeys,
        ownKeys: factors.ownKeys ?? [],
        // An *accès de secours* is for a person at the page, who says their name first.
        mayOwnKey: mayAct(person, "decide", clock.now()) && person.emergency === undefined,
        ownKeysFull: (factors.ownKeys ?? []).length >= MOST_OWN_KEYS,
        full: factors.passkeys.length >= MOST_PASSKEYS,
        left: recoveryLeft(factors),
        application: Boolean(credentials?.totp),
        done: pickedBy(request.query.fait, DONE),
      },
    });
  });

  router.post("/acces/sessions/fin", async (request, response) => {
    const person = personWho(response, "read");
    await sessions.end(person.id, readForm(request, SessionForm).mark);
    response.redirect(303, `${here}?fait=session`);
  });

  router.post("/acces/sessions/autres", async (request, response) => {
    const person = personWho(response, "read");
    const writes = [sessions.ending(person.id, request), noted("sessions_ended", person)];
    await store.commit({ facility, at: clock.now(), writes });
    response.redirect(303, `${here}?fait=sessions`);
  });

  router.post("/acces/codes", async (request, response) => {
    const person = personWho(response, "read");
    await again(request, response, readForm(request, FactorForm));
    const { codes, kept } = makeRecoveryCodes(person.id);
    await change(person, (factors) => ({ ...factors, recovery: kept }), noted("recovery_codes_made", person));
    gate.render(request, response, {
      view: "means",
      title: "Codes de secours",
      model: { whose: person, means: { recovery: codes, otpauth: "", totp: "" }, password: null, back: here },
    });
  });

  router.post("/acces/moyens", async (request, response) => {
    const person = personWho(response, "read");
    const form = readForm(request, FactorForm);
    if (person.emergency !== undefined)
      throw new PageError(403, {
        message: "Un accès de secours est scellé de nouveau par qui gère les comptes.",
      });
    await again(request, response, form);
    const password = madePassword();
    const house = { store, clock, facility: { id: facility, name: desk.facility.name } };
    const means = await renewMeans(house, { account: person.id, password, by: person.name });
    if (means === undefined) throw new PageError(409);
    gate.render(request, response, {
      view: "means",
      title: "Mes nouveaux moyens de connexion",
      model: { whose: person, means, password, back: here },
    });
  });

  router.post("/acces/signature", async (request, response) => {
    const person = personWho(response, "decide");
    const form = readForm(request, NewKeyForm);
    if (person.emergency !== undefined)
      throw new PageError(403, { message: "Un accès de secours n'a pas de clé de signature." });
    await again(request, response, form);
    const { kept, privateKey } = makeOwnKey(form.name, clock);
    const add = ({ ownKeys = [], ...all }: Factors) => {
      if (ownKeys.length >= MOST_OWN_KEYS)
        throw new PageError(409, { message: `${MOST_OWN_KEYS} clés au plus : retirez-en une d'abord.` });
      return { ...all, ownKeys: [...ownKeys, kept] };
    };
    await change(person, add, noted("own_key_added", person, { key: kept.id, of: kept.name }));
    gate.render(request, response, {
      view: "own-key",
      title: "Clé de signature",
      model: { key: kept, privateKey, login: person.login, back: here },
    });
  });

  router.post("/acces/signature/retrait", async (request, response) => {
    const person = personWho(response, "read");
    const form = readForm(request, DropOwnKeyForm);
    await again(request, response, form);
    const { factors } = await store.reads.factors(facility, person.id);
    const dropped = factors.ownKeys?.find(({ id }) => id === form.id);
    if (dropped === undefined) throw new PageError(404);
    const drop = ({ ownKeys = [], ...all }: Factors) => {
      return { ...all, ownKeys: ownKeys.filter(({ id }) => id !== form.id) };
    };
    await change(person, drop, noted("own_key_removed", person, { key: dropped.id, of: dropped.name }));
    response.redirect(303, `${here}?fait=signature-retiree`);
  });

  if (!passkeys.available) return router;

  router.post("/acces/cles", async (request, response) => {
    const person = personWho(response, "read");
    const form = readForm(request, NewKeyForm);
    await again(request, response, form);
    const { factors } = await store.reads.factors(facility, person.id);
    if (factors.passkeys.length >= MOST_PASSKEYS)
      throw new PageError(409, { message: `${MOST_PASSKEYS} clés au plus : retirez-en une d'abord.` });
    gate.render(request, response, {
      view: "new-passkey",
      title: "Nouvelle clé d'accès",
      model: {
        name: form.name,
        options: JSON.stringify(await passkeys.invite(person, factors.passkeys)),
        grant: sealed.seal(grantOf(request), form.name).toString("base64url"),
      },
    });
  });

  router.post("/acces/cles/nouvelle", async (request, response) => {
    const person = personWho(response, "read");
    const { grant, passkey } = readForm(request, MadeKeyForm);
    const name = sealed.open(grantOf(request), Buffer.from(grant, "base64url"), GRANT_LASTS)?.value;
    const made = typeof name === "string" && (await passkeys.accept(person.id, passkey, name));
    const { factors } = await store.reads.factors(facility, person.id);
    if (!made || factors.passkeys.some(({ id }) => id === made.id))
      throw new PageError(403, {
        title: "Clé non enregistrée",
        message: "La réponse de la clé n'est pas valable, ou la demande a expiré.",
        remedy: "Recommencez depuis « Mon accès ».",
      });
    const add = (all: Factors) => ({ ...all, passkeys: [...all.passkeys, made] });
    await change(person, add, noted("passkey_added", person, { passkey: made.name }));
    response.redirect(303, `${here}?fait=cle`);
  });

  router.post("/acces/cles/retrait", async (request, response) => {
    const person = personWho(response, "read");
    const form = readForm(request, DropKeyForm);
    await again(request, response, form);
    const { factors } = await store.reads.factors(facility, person.id);
    const dropped = factors.passkeys.find(({ id }) => id === form.id);
    if (dropped === undefined) throw new PageError(404);
    const drop = (all: Factors) => ({ ...all, passkeys: all.passkeys.filter(({ id }) => id !== form.id) });
    await change(person, drop, noted("passkey_removed", person, { passkey: dropped.name }));
    response.redirect(303, `${here}?fait=cle-retiree`);
  });

  return router;
}

/** What re-authentication allowed, in this session and nowhere else. */
function grantOf(request: Request): string {
  return `new passkey ${request.sessionID}`;
}
