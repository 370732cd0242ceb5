import { mailAddress, phoneNumber } from "../../../connectors/shared/notify/words.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import type { Masked } from "../../core/masked.ts";
import { mayAct } from "../../core/person.ts";
import {
  askedSource,
  askedWriter,
  LINK,
  type LinkAnswer,
  type QuestionLink,
} from "../../core/question-link.ts";
import type { Store } from "../../store/store.ts";
import { addAnswer } from "../desk/add-answer.ts";
import { FORM, NOT_ALLOWED, OVER } from "../desk/facts-desk.ts";
import { questionsOf } from "../law/regimes-of.ts";
import { type ActBeside, type Actor, over, type Refused, refuse } from "../person-act.ts";
import type { Pipeline } from "../pipeline.ts";
import { impossible } from "../possible-instant.ts";
import { openReach } from "../roster/open-reach.ts";
import { touchedBy } from "../roster/touched.ts";
import { planEffect, type Setup, type Work } from "../work.ts";
import type { LinkCodes } from "./link-codes.ts";
import { type LinkExpiry, type LinkSending, linkOf } from "./link-effects.ts";
import type { AskedQuestion, Asking, LinkReply, LinkRow, QuestionLinks } from "./links-desk.ts";

/** Links of one incident: an outside person is asked now and then, not fifty times a night. */
const MOST_LINKS = 50;

/** Opens what people ask of persons outside, and what those answer. */
export function openQuestionLinks(parts: {
  store: Store;
  pipeline: Pipeline;
  setup: Setup;
  now: () => Instant;
  codes: LinkCodes;
  actBeside: ActBeside;
  planned: () => void;
}): QuestionLinks {
  const { store, pipeline, setup, codes } = parts;
  const facility = setup.facility.id;
  const reach = openReach({ store, pipeline, setup, clock: { now: parts.now } });
  const inTurn = turns();

  /** The link of a code while it may be answered, with the incident that it is now about. */
  async function standing(code: string) {
    const id = codes.idOf(code);
    const stored = id === undefined ? undefined : await store.reads.record(facility, "question_link", id);
    if (stored === undefined || !codes.stands(stored.content)) return undefined;
    const { content: link } = stored;
    const incident = await pipeline.standing(link.incident);
    const work = await pipeline.view(incident);
    const question = work && questionsOf(setup, work.incident).find((each) => each.id === link.question);
    if (work === undefined || question === undefined || over(work) || underDefenceSecret(work.facts))
      return undefined;
    return { stored, link, incident, question };
  }

  const usable = ({ state, expires }: QuestionLink) => state === "open" && parts.now() < expires;

  async function channels(incident: string) {
    const work = await pipeline.view(await pipeline.standing(incident));
    const touched = reach.touched(work);
    return setup.notify.flatMap(({ id, reaches, depends_on, speaks }) =>
      reaches === undefined || speaks === true
        ? []
        : [{ id, reaches, touched: touchedBy(depends_on, touched) ?? null }],
    );
  }

  async function ask(asking: Asking, actor: Actor): Promise<{ outcome: "asked"; link: string } | Refused> {
    const wrong = unfit(asking, setup);
    if (wrong !== undefined) return wrong;
    const all = await store.reads.ofIncident(facility, "question_link", asking.incident);
    // The form sent twice finds the link it made.
    const known = all.find(({ content }) => content.nonce === asking.form)?.content;
    if (known !== undefined) return { outcome: "asked", link: known.id };
    if (all.length >= MOST_LINKS)
      return refuse("too_many_links", `${MOST_LINKS} questions ont déjà été posées ainsi sur cet incident.`);
    const able = await channels(asking.incident);
    const unable = asking.channels.find((id) =>
      able.every((each) => each.id !== id || each.touched !== null),
    );
    if (unable !== undefined)
      return refuse("bad_channel", `Le canal « ${unable.slice(0, 60)} » ne peut pas servir maintenant.`);
    return parts.actBeside(asking.incident, actor, (work, now) => {
      if (over(work)) return OVER;
      const question = questionsOf(setup, work.incident).find((each) => each.id === asking.question);
      if (question === undefined) return refuse("unknown_question", "Cette question n'existe pas.");
      if (question.answers.some(({ states }) => states.some(({ fact }) => fact === "defence_secret")))
        return refuse("bad_question", "Cette question ne se pose pas hors de l'établissement.");
      const link = linkFor(asking, { actor, now, text: question.text });
      put(work, link, 1);
      const expiry: LinkExpiry = { link: link.id };
      const key = `link:${facility}:${link.id}`;
      planEffect(work, { key: `${key}:expiry`, kind: "clock", due: link.expires, payload: expiry });
      if (setup.mode !== "observe")
        for (const channel of new Set(asking.channels)) {
          const payload: LinkSending = { channel, event: "question_asked", link: link.id };
          planEffect(work, { key: `${key}:${channel}`, kind: "notify", due: now, payload });
        }
      return { outcome: "asked", link: link.id };
    });
  }

  function linkFor(
    { form, incident, question, to, callBack, hours }: Asking,
    { actor, now, text }: { actor: Actor; now: Instant; text: string },
  ): QuestionLink {
    const bound = { nonce: form, incident, question, expires: now + hours * MICROSECONDS.hour };
    return {
      ...bound,
      id: codes.idOf(codes.codeOf(bound)) ?? "",
      text,
      to,
      by: { account: actor.id, name: actor.name, call_back: callBack },
      asked: now,
      state: "open",
      answer: null,
      revoked: null,
    };
  }

  async function answer(reply: LinkReply): Promise<{ outcome: "answered" } | { outcome: "gone" } | Refused> {
    const found = await standing(reply.code);
    const form = found && codes.formOf(found.link, reply.token);
    if (found === undefined || form === undefined) return { outcome: "gone" };
    const { stored, link, question, incident } = found;
    // A telephone that lost the answer sends the same form again.
    if (link.answer?.form === form) return { outcome: "answered" };
    if (!usable(link)) return { outcome: "gone" };
    const { said } = reply;
    const chosen = said.kind === "answer" ? question.answers.find(({ id }) => id === said.id) : undefined;
    if (said.kind === "answer" && chosen === undefined)
      return refuse("unknown_answer", "Choisissez une des réponses.");
    const since = said.kind === "answer" ? said.since : undefined;
    const wrong = since === undefined ? undefined : impossible(since, parts.now(), setup.facility.time_zone);
    if (wrong !== undefined) return wrong;
    if (said.kind === "other_person" && said.text.trim() === "")
      return refuse("nobody_named", "Dites à qui demander : un nom, une fonction ou un numéro.");
    const done = await pipeline.act(
      incident,
      (work, now) => {
        if (over(work) || underDefenceSecret(work.facts) || now >= link.expires)
          return { outcome: "gone" } as const;
        const unused = chosen === undefined ? NO_FACT : answeredBefore(work, link);
        if (chosen !== undefined && unused === null) {
          const origin = {
            by: "person" as const,
            source: askedSource(link.to),
            writer: askedWriter(link),
            link: link.id,
          };
          addAnswer(work, { question, chosen, since, origin }, { newId: setup.newId, now });
        }
        const kept: LinkAnswer = {
          at: now,
          form,
          unused,
          said:
            said.kind === "other_person"
              ? { kind: said.kind, text: said.text.trim().slice(0, LINK.instead) }
              : chosen === undefined
                ? { kind: "unknown" }
                : { kind: "answer", id: chosen.id, label: chosen.label, since: since ?? null },
        };
        put(work, { ...link, state: "answered", answer: kept }, stored.revision + 1);
        return { outcome: "answered" } as const;
      },
      ({ outcome }) => outcome === "answered",
    );
    parts.planned();
    return done ?? { outcome: "gone" };
  }

  async function revoke(
    { incident, link: id }: { incident: string; link: string },
    actor: Actor,
  ): Promise<{ outcome: "revoked" } | Refused> {
    if (!mayAct(actor, "answer")) return NOT_ALLOWED;
    const stored = await store.reads.record(facility, "question_link", id);
    if (stored === undefined || !(await madeOf(incident)).includes(stored.content.incident))
      return refuse("unknown_link", "Ce lien n'est pas de cet incident.");
    const { content: link, revision } = stored;
    if (link.state === "revoked") return { outcome: "revoked" };
    if (link.state === "answered")
      return refuse("answered", "Une réponse est arrivée entre-temps : lisez-la.");
    if (link.state === "expired") return refuse("expired", "Ce lien a expiré : il ne sert plus.");
    const at = parts.now();
    const content: QuestionLink = {
      ...link,
      state: "revoked",
      revoked: { at, account: actor.id, name: actor.name },
    };
    const receipt = await store.commit({ facility, at, writes: [linkOf(content, revision + 1)] });
    if (receipt.outcome === "committed") return { outcome: "revoked" };
    return refuse("changed", "Le lien a changé entre-temps : relisez la page.");
  }

  /** An incident and those that went into it, however deep. */
  async function madeOf(incident: string): Promise<string[]> {
    const ids = [incident];
    for (const id of ids) {
      const found = await store.reads.ofIncident(facility, "regrouping", id);
      for (const { content } of found)
        if (content.kind === "merge" && content.state === "stands")
          ids.push(...content.before.map((each) => each.incident.id).filter((each) => !ids.includes(each)));
      if (ids.length > 100) break;
    }
    return ids;
  }

  return {
    channels,
    ask: (asking, actor) =>
      mayAct(actor, "answer") ? inTurn(() => ask(asking, actor)) : Promise.resolve(NOT_ALLOWED),
    revoke: (revoking, actor) => inTurn(() => revoke(revoking, actor)),
    answer: (reply) => inTurn(() => answer(reply)),

    async open(code) {
      const found = await standing(code);
      if (found === undefined || !usable(found.link)) return undefined;
      const { link, question } = found;
      const { to, by, expires } = link;
      const answers = question.answers.map(({ id, label }) => ({ id, label }));
      const asked: AskedQuestion = {
        id: link.id,
        text: question.text,
        answers,
        to: to.name,
        by: by.name,
        callBack: by.call_back,
        expires,
      };
      const masked = setup.masks.every(asked, { incident: link.incident });
      return { asked: masked, token: codes.formToken(link, setup.newId()) };
    },

    async of(incident, actor) {
      const ids = await madeOf(incident);
      const held = await Promise.all(ids.map((id) => store.reads.ofIncident(facility, "question_link", id)));
      const links = held.flat().map(({ content }) => content);
      if (links.length === 0) return setup.masks.every([], { incident });
      const effects = (await Promise.all(ids.map((id) => store.reads.effectsOf(facility, id)))).flat();
      const rows = links
        .toSorted((a, b) => b.asked - a.asked)
        .map((link): LinkRow => {
          const sent = effects.flatMap(({ payload, state, because }) => {
            const { channel, link: of } = (payload ?? {}) as Partial<LinkSending>;
            return of === link.id && channel !== undefined ? [{ channel, state, because }] : [];
          });
          // The clock is late now and then: what has expired is shown as such at once.
          const state = link.state === "open" && !usable(link) ? "expired" : link.state;
          const code = state === "open" && mayAct(actor, "answer") ? codes.codeOf(link) : null;
          return { link: { ...link, state }, code, sent };
        });
      // The codes are no words: nothing in them is a patient.
      const masked = setup.masks.every(
        rows.map((row) => ({ ...row, code: null })),
        { incident },
      );
      return masked.map((row, n) => ({ ...row, code: rows[n]?.code ?? null })) as unknown as Masked<
        LinkRow[]
      >;
    },
  };
}

const NO_FACT = "Cette réponse n'établit aucun fait.";

/** Why an answer by a link does not stand: a link never overrules what was answered in between. */
function answeredBefore(work: Work, { question }: QuestionLink): string | null {
  const before = work.facts.some(
    ({ origin, withdrawn }) => origin.by === "person" && origin.question === question && withdrawn === null,
  );
  return before
    ? "Quelqu'un avait déjà répondu à cette question : cette réponse est gardée, sans remplacer l'autre. Corrigez si elle est la bonne."
    : null;
}

/** Refuses what cannot be asked: nobody named, no way to ring back, a channel without its contact. */
function unfit(asking: Asking, setup: Setup): Refused | undefined {
  const { form, to, callBack, hours } = asking;
  if (!FORM.test(form))
    return refuse("bad_form", "Ce formulaire est périmé : rouvrez la page et recommencez.");
  if (to.name.trim().length < 2) return refuse("nobody_named", "Dites à qui la question est posée.");
  if (to.person === "other" && to.function.trim() === "")
    return refuse("source_missing", "Dites la fonction de cette personne.");
  if (callBack.trim() === "")
    return refuse("no_call_back", "Donnez un numéro où vous rappeler : la personne peut vouloir vérifier.");
  const texts = [to.name, to.function, callBack];
  if (
    texts.some((text) => text.length > LINK.name) ||
    to.email.length > LINK.email ||
    to.phone.length > LINK.phone
  )
    return refuse("too_long", `Un nom, une fonction ou un numéro compte ${LINK.name} caractères au plus.`);
  if (!Number.isInteger(hours) || hours < LINK.least || hours > LINK.most)
    return refuse("bad_hours", `Un lien sert de ${LINK.least} à ${LINK.most} heures.`);
  const lacking = setup.notify.find(
    ({ id, reaches }) =>
      asking.channels.includes(id) &&
      (reaches === "email" ? mailAddress(to.email) : phoneNumber(to.phone)) === undefined,
  );
  if (lacking === undefined) return undefined;
  return lacking.reaches === "email"
    ? refuse("no_email", "Donnez une adresse électronique pour l'envoi par courriel.")
    : refuse("no_phone", "Donnez un numéro de téléphone pour l'envoi par SMS.");
}

function put(work: Work, link: QuestionLink, revision: number): void {
  work.beside.push(linkOf(link, revision));
}

/** One after the other: what is read stays true until it is written. */
function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}
