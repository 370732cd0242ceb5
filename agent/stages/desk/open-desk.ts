import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Clock, Instant } from "../../core/clock.ts";
import type { Decision } from "../../core/decision.ts";
import { contentOf } from "../../core/declaration.ts";
import type { DetectionRule } from "../../core/detection.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import type { Incident } from "../../core/incident.ts";
import { type Act, mayAct } from "../../core/person.ts";
import type { Qualification } from "../../core/qualification.ts";
import type { Store } from "../../store/store.ts";
import { breather } from "../breather.ts";
import { outlookOf, READ_OVER } from "../close-candidates.ts";
import { decisionDesk } from "../decide/decision-desk.ts";
import { deliveryDesk } from "../delivery/delivery-desk.ts";
import { gatherIndicators, type Indicators } from "../documents/gather-indicators.ts";
import { dutiesDesk } from "../duties/duties-desk.ts";
import { openFollowUp } from "../followup/open-follow-up.ts";
import { owesNotice, PURPOSE } from "../followup/purpose.ts";
import { kinOf } from "../grouping/kin-of.ts";
import { questionsOf, regimesOf } from "../law/regimes-of.ts";
import { type LinkCodes, linkCodes } from "../links/link-codes.ts";
import { openQuestionLinks } from "../links/question-links.ts";
import { maskDossier } from "../mask-dossier.ts";
import { tellMuted } from "../mute/tell-muted.ts";
import {
  type ActBeside,
  type ActOn,
  type Actor,
  over,
  type Refused,
  refuse,
  type Stale,
} from "../person-act.ts";
import type { Pipeline } from "../pipeline.ts";
import { impossible } from "../possible-instant.ts";
import { asQuestion } from "../qualify.ts";
import { openReach } from "../roster/open-reach.ts";
import { tellCalls } from "../roster/tell-calls.ts";
import { currentDeclaration, type Setup, unfiledDeclaration, type Work } from "../work.ts";
import { addAnswer } from "./add-answer.ts";
import { amend } from "./amend.ts";
import { notClosable } from "./close-dossier.ts";
import { closingsDesk } from "./closings-desk.ts";
import type { Desk, Dossier } from "./desk.ts";
import { factsDesk, NOT_ALLOWED, OVER } from "./facts-desk.ts";
import { flagDefenceSecret, flagOnly, SECRET } from "./flag-secret.ts";
import { holdDesk } from "./hold-desk.ts";
import { fingerprintsOf, logbookDesk } from "./logbook-desk.ts";
import { regroupDesk } from "./regroup-desk.ts";
import { clocksDesk } from "./settle-clock.ts";
import { showEvidence } from "./show-evidence.ts";
import { silencesDesk } from "./silences-desk.ts";
import { unmask } from "./unmask.ts";

/** Alerts shown with a dossier. */
const EVIDENCE = 50;
const ERASED = refuse("erased", "Le contenu de ce dossier a été effacé par une règle de conservation.");
/** Detections read at once to say what becomes of a candidate. */
const RULES_PAGE = 200;

/** Builds what people can ask of the pipeline. */
export function openDesk(parts: {
  store: Store;
  pipeline: Pipeline;
  setup: Setup;
  clock: Clock;
  decided: (decision: Decision) => void;
  unmasked?: (asked: { incident: string; alert: string; account: string }) => void;
  planned: () => void;
  /** Makes the codes of links. (Default: codes that serve as long as this process.) */
  codes?: LinkCodes | undefined;
}): Desk {
  const { store, pipeline, setup } = parts;
  const facility = setup.facility.id;

  async function act<T extends { outcome: string }>(
    incident: string,
    actor: Actor,
    right: Act,
    work: (work: Work, now: number) => T | Refused | Stale,
    options: { whileSecret?: boolean; beside?: boolean } = {},
  ): Promise<T | Refused | Stale> {
    if (!mayAct(actor, right, parts.clock.now())) return NOT_ALLOWED;
    const result = await pipeline.act(
      incident,
      (each, now) => {
        if (underDefenceSecret(each.facts) && options.whileSecret !== true) return SECRET;
        if (each.incident.erased !== undefined) return ERASED;
        const done = work(each, now);
        // A decision changes nothing of the text it is about.
        if (!unsuccessful(done) && right !== "decide" && right !== "record_filing")
          takeNote(each, actor, now, options);
        return done;
      },
      (done) => !unsuccessful(done),
    );
    parts.planned();
    return (
      result ?? {
        outcome: "refused",
        code: "unknown_incident",
        because: "Aucun incident ne porte cet identifiant.",
      }
    );
  }

  /** The indicators gathered last: a page and two files ask for the same, of thousands of alerts. */
  let gathered: { incident: string; revision: number; indicators: Indicators } | undefined;
  const people = { store, pipeline, setup, now: () => parts.clock.now(), planned: parts.planned };
  const { accounts } = openReach({ store, pipeline, setup, clock: parts.clock });
  // What goes through here is bound to no text: it is never stale.
  const actOn = act as ActOn;
  const actBeside: ActBeside = (incident, actor, work) =>
    act(incident, actor, "answer", work, { beside: true }) as Promise<never>;
  const notes = logbookDesk({ ...people, actBeside });

  return {
    ...factsDesk({ ...people, actOn }),
    ...closingsDesk({ ...people, actOn }),
    ...holdDesk({
      setup,
      actOn: ((incident, actor, right, work) => act(incident, actor, right, work, { beside: true })) as ActOn,
    }),
    ...clocksDesk({ setup, actOn }),
    ...regroupDesk(people),
    ...silencesDesk(people),
    ...decisionDesk({ store, setup, now: people.now, act, decided: parts.decided }),
    ...deliveryDesk({ store, pipeline, setup, actOn }),
    ...notes,
    ...dutiesDesk({
      setup,
      pipeline,
      now: people.now,
      // What is done of another duty changes nothing of who declares.
      actOn: ((incident, actor, right, work) => act(incident, actor, right, work, { beside: true })) as ActOn,
      writeNote: notes.writeNote,
    }),
    followUp: openFollowUp({
      ...people,
      actOn,
      actBeside: (incident, actor, right, work) =>
        act(incident, actor, right, work, { beside: true }) as Promise<never>,
    }),
    links: openQuestionLinks({
      ...people,
      actBeside,
      codes: parts.codes ?? linkCodes(randomBytes(32).toString("hex")),
    }),
    facility: { id: facility, name: setup.facility.name, timeZone: setup.facility.time_zone },
    mode: setup.mode,
    fixedFields: new Set([
      PURPOSE,
      ...setup.regimes.flatMap(({ form }) =>
        (form?.sections ?? []).flatMap(({ fields }) =>
          fields.filter((field) => field.fixed).map((field) => field.id),
        ),
      ),
    ]),

    async incidents({ states = [], ids, limit, after }) {
      const page =
        ids === undefined
          ? await store.reads.byState(facility, "incident", states, { limit, after })
          : await Promise.all(
              ids.slice(0, limit).map((each) => store.reads.record(facility, "incident", each)),
            ).then((found) => found.filter((each) => each !== undefined));
      const breathe = breather();
      const listed: Awaited<ReturnType<Desk["incidents"]>> = [];
      for (const { content } of page) {
        const work = content.erased === undefined ? pipeline.known(content.id) : undefined;
        const qualification = await leadingOf(content, work);
        const deadlines = await store.reads.ofIncident(facility, "deadline", content.id);
        const sentence = qualification?.sentence ?? null;
        const told = work && tellMuted(work, setup, parts.clock.now());
        const muted = told === undefined ? null : { line: told.line, otherwise: told.otherwise };
        const secret = qualification?.verdict === "withheld";
        const incident = secret
          ? { ...content, entities: [], systems: [], causes: [], because: "" }
          : content;
        const clocks = secret ? [] : deadlines.map((each) => each.content);
        listed.push(
          setup.masks.every({ incident, sentence, muted, deadlines: clocks }, { incident: content.id }),
        );
        await breathe();
      }
      return listed;
    },

    async dossier(incident) {
      const work = await pipeline.view(incident);
      if (work === undefined) return undefined;
      if (underDefenceSecret(work.facts)) return maskDossier(flagOnly(work), setup.masks);
      const declaration = currentDeclaration(work);
      const filing = unfiledDeclaration(work) ?? work.declarations.findLast((each) => each.state === "filed");
      const found = await store.reads.detectionsOf(facility, incident, EVIDENCE);
      const now = parts.clock.now();
      const effects = await store.reads.effectsOf(facility, incident);
      const notes = (await store.reads.ofIncident(facility, "logbook", incident)).map(
        ({ content }) => content,
      );
      const dossier: Dossier = {
        incident: work.incident,
        facts: work.facts,
        qualification: work.qualification,
        others: work.others,
        declarations: work.declarations,
        current: declaration && { declaration, content: contentOf(declaration) },
        filing: filing && { declaration: filing, content: contentOf(filing) },
        answered: answeredQuestions(work),
        decisions: work.decisions,
        steps: work.steps,
        deliveries: work.deliveries,
        deadlines: work.deadlines,
        duties: work.duties,
        effects,
        calls:
          setup.calls === undefined
            ? []
            : tellCalls(work, setup, { effects, accounts: await accounts(), now }),
        evidence: showEvidence(found, setup.masks, incident),
        systems: work.incident.systems.flatMap((id) => setup.systems.get(id) ?? []),
        grouping: await kinOf(work, store.reads, facility),
        muted: tellMuted(work, setup, now) ?? null,
        outlook: (await outlookOf(work, setup, { readRules: () => rulesOf(incident), now })) ?? null,
        keptOpen:
          work.incident.state === "candidate" ? null : (notClosable(work, setup, true)?.because ?? null),
        owesNotice: owesNotice(work),
        notes,
        erased: await store.reads.erasedAttachments(facility, fingerprintsOf(notes)),
      };
      return maskDossier(dossier, setup.masks);
    },

    async indicators(incident) {
      const work = await pipeline.view(incident);
      if (work === undefined || underDefenceSecret(work.facts)) return undefined;
      const { locate, masks } = setup;
      const stored = await store.reads.record(facility, "incident", incident);
      const revision = stored?.revision ?? 0;
      if (gathered?.incident !== incident || gathered.revision !== revision) {
        const indicators = await gatherIndicators(
          { reads: store.reads, locate, masks },
          { facility, incident },
        );
        gathered = { incident, revision, indicators };
      }
      return gathered.indicators;
    },

    acknowledge: async (incident, actor) =>
      (await act(
        incident,
        actor,
        "answer",
        // Its calls are those of the one it was merged into.
        (work) => (work.incident.state === "merged" ? OVER : { outcome: "seen" as const }),
        { beside: true },
      )) as { outcome: "seen" } | Refused,

    takeUp: async (incident, actor) =>
      (await act(incident, actor, "answer", (work) =>
        work.incident.state === "merged" ? OVER : { outcome: "taken_up" as const },
      )) as { outcome: "taken_up" } | Refused,

    answer: async (answer, actor) => {
      const { since } = answer;
      const wrong =
        since === undefined ? undefined : impossible(since, parts.clock.now(), setup.facility.time_zone);
      if (wrong !== undefined) return wrong;
      const result = await act(answer.incident, actor, "answer", (work, now) => {
        if (over(work)) return OVER;
        const question = questionsOf(setup, work.incident).find((each) => each.id === answer.question);
        const chosen = question?.answers.find((each) => each.id === answer.answer);
        if (question === undefined || chosen === undefined)
          return { outcome: "refused", code: "unknown_answer", because: "Cette réponse n'existe pas." };
        const origin = { by: "person" as const, source: answer.source ?? actor.name, writer: actor.name };
        addAnswer(work, { question, chosen, since, origin }, { newId: setup.newId, now });
        return { outcome: "answered" as const };
      });
      return result as { outcome: "answered" } | Refused;
    },

    async unmask(request, actor) {
      const done = await unmask(request, actor, {
        store,
        facility,
        pipeline,
        clock: parts.clock,
        masks: setup.masks,
        shown: EVIDENCE,
      });
      if (done.outcome === "unmasked")
        parts.unmasked?.({ incident: request.incident, alert: request.alert, account: actor.id });
      return done;
    },

    flagSecret: async ({ incident, holds, reason }, actor) =>
      // Anyone who may answer may flag; to lift the flag is the delegate's.
      (await act(
        incident,
        actor,
        holds ? "answer" : "decide",
        (work, now) => flagDefenceSecret(work, { holds, reason, writer: actor.name, id: setup.newId() }, now),
        { whileSecret: true },
      )) as { outcome: "flagged" } | Refused,

    amend: (amendment, actor) =>
      act(amendment.text.incident, actor, "edit", (work, now) =>
        amend(work, amendment, { setup, actor, now }),
      ),
  };

  /** What leads of an incident: at hand while it runs. */
  async function leadingOf(incident: Incident, work: Work | undefined): Promise<Qualification | undefined> {
    const { id } = regimesOf(setup, incident).leading;
    if (work !== undefined) return [work.qualification, ...work.others].find((each) => each?.regime === id);
    const found = await store.reads.ofIncident(facility, "qualification", incident.id);
    return found.find(({ content }) => content.regime === id)?.content;
  }

  /** The rules of an incident's detections by their time, one more than are read over when there are too many. */
  async function rulesOf(incident: string): Promise<DetectionRule[]> {
    const rules: DetectionRule[] = [];
    for (let after: { occurred: Instant; seq: number } | undefined; rules.length <= READ_OVER; ) {
      const page = await store.reads.detectionsOf(facility, incident, RULES_PAGE, after);
      rules.push(...page.map(({ detection }) => detection.rule));
      after = page.at(-1)?.detection;
      if (page.length < RULES_PAGE) break;
      // A page of thousands of detections leaves others their turn.
      await setImmediate();
    }
    return rules;
  }

  function answeredQuestions(work: Work): Dossier["answered"] {
    return questionsOf(setup, work.incident).flatMap((question) => {
      const standing = work.facts.filter(
        (fact) =>
          fact.withdrawn === null && fact.origin.by === "person" && fact.origin.question === question.id,
      );
      const given = question.answers.find((answer) =>
        answer.states.every((state) =>
          standing.some((fact) => fact.kind === state.fact && fact.holds === state.holds),
        ),
      );
      if (standing.length === 0 || given === undefined) return [];
      return [{ question: asQuestion(question), answer: given.label }];
    });
  }
}

/** Constat: the first act of a person is when the facility took note. Who may declare and acts is the declarant. */
function takeNote(work: Work, actor: Actor, now: number, { beside }: { beside?: boolean }): void {
  const found = work.incident.found ?? now;
  const declarant =
    beside !== true && mayAct(actor, "decide", now) && work.declarations.at(-1)?.state !== "approved"
      ? actor.id
      : work.incident.declarant;
  // Whoever acts has seen it: the calls that wait for an answer end.
  const seen = { at: now, account: actor.id, name: actor.name, decides: mayAct(actor, "decide", now) };
  const others = (work.incident.seen ?? []).filter(({ account }) => account !== actor.id);
  work.incident = { ...work.incident, found, declarant, seen: [...others, seen] };
}

function unsuccessful(result: { outcome: string }): boolean {
  return result.outcome === "refused" || result.outcome === "stale";
}
