import { contentOf, type DeclarationContent } from "../../agent/core/declaration.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import { mayAct } from "../../agent/core/person.ts";
import type { Answer, Desk, Dossier } from "../../agent/stages/desk/desk.ts";
import { mayApprove } from "../../agent/stages/duties/settle-duty.ts";
import { followUpOf } from "../../agent/stages/followup/open-follow-up.ts";
import { maskDossier } from "../../agent/stages/mask-dossier.ts";
import type { Actor, Refused, Stale, TextSeen } from "../../agent/stages/person-act.ts";
import { newWork } from "../../agent/stages/work.ts";
import { MASKS } from "./masks.ts";
import { dutyPack } from "./scene-duty.ts";
import { draftOf, SYSTEMS } from "./web-declaration.ts";

/** The facility of the pages' tests. */
export const FACILITY = "chv";

/** What the desk of tests gives to who asks for an original: an invented person. */
export const ORIGINAL = "patient DUPONT Jean, NIR 1 85 05 78 006 084 91";

/** A desk that keeps one dossier in memory and behaves as the real one promises. */
export interface SceneDesk extends Desk {
  dossiers: Dossier[];
  answers: { answer: Answer; actor: Actor }[];
  unmasked: { incident: string; alert: string; reason: string; actor: string }[];
  flags: { incident: string; holds: boolean }[];
  mode: Desk["mode"];
}

/** The one dossier of a desk that was given no others. */
export function firstDossier({ dossiers: [first] }: SceneDesk): Dossier {
  if (first === undefined) throw new Error("no dossier");
  return first;
}

const PACKS = new Map([["rgpd-33", dutyPack("rgpd-33")]]);

/** Builds the desk of tests. */
export function sceneDesk(first: Dossier, clock: { now(): number }): SceneDesk {
  const newId = uuidv7({ now: () => clock.now() });
  const refused: Refused = {
    outcome: "refused",
    code: "not_allowed",
    because: "Votre rôle ne permet pas cet acte.",
  };
  const desk: SceneDesk = {
    facility: { id: FACILITY, name: "Centre hospitalier du Val", timeZone: "Europe/Paris" },
    mode: "exercise",
    fixedFields: new Set(["declarant_name"]),
    followUp: {
      async of(incident) {
        const dossier = desk.dossiers.find((each) => each.incident.id === incident);
        if (dossier === undefined) return undefined;
        const { facts, declarations } = dossier;
        const told = followUpOf({ ...newWork(dossier.incident), facts, declarations });
        return MASKS.every({ ...told, erased: [] }, { incident });
      },
      recordExchange: async () => refused,
      cancelExchange: async () => refused,
      answerRequest: async () => refused,
      addRecommendation: async () => refused,
      settleRecommendation: async () => refused,
      requestAccompaniment: async () => refused,
      stepAccompaniment: async () => refused,
      tellPartner: async () => refused,
      settlePurpose: async () => refused,
    },
    links: {
      channels: async () => [],
      ask: async () => refused,
      revoke: async () => refused,
      of: async () => MASKS.every([], { incident: null }),
      open: async () => undefined,
      answer: async () => ({ outcome: "gone" }),
    },
    indicators: async (incident) =>
      desk.dossiers.some((each) => each.incident.id === incident)
        ? {
            found: [{ kind: "address", value: "203.0.113.7", side: "source", first: 1, last: 1, count: 2 }],
            masked: 0,
            cut: false,
          }
        : undefined,
    systems: SYSTEMS,
    newForm: newId,
    openByHand: async () => refused,
    stateFacts: async () => refused,
    endFact: async () => refused,
    withdrawFact: async () => refused,
    thisMonth: () => "2026-11",
    closings: async (month) =>
      MASKS.every({ month, over: false, closings: [], sha256: "", signed: [] }, { incident: null }),
    unsignedMonths: async () => [],
    hold: async () => refused,
    lift: async () => refused,
    closeByHand: async () => refused,
    reopen: async () => refused,
    signOff: async () => refused,
    merge: async () => refused,
    keepApart: async () => refused,
    split: async () => refused,
    undoRegrouping: async () => refused,
    settleClock: async () => refused,
    dutyPacks: PACKS,
    mayApproveDuty(actor, regime, now) {
      const pack = PACKS.get(regime);
      return pack !== undefined && mayApprove(actor, pack, now);
    },
    amendDuty: async () => refused,
    approveDuty: async () => refused,
    leaveUnnotified: async () => refused,
    notifyDuty: async () => refused,
    nextDuty: async () => ({ ...refused, code: "already_drafted" }),
    silence: async () => refused,
    planWorks: async () => refused,
    endMute: async () => refused,
    async writeNote({ form, incident, text, about, corrects, files = [] }, actor) {
      if (!mayAct(actor, "answer")) return refused;
      const at = clock.now();
      const author = { account: actor.id, name: actor.name };
      desk.dossiers
        .find((each) => each.incident.id === incident)
        ?.notes.push({
          id: form,
          incident,
          at,
          about: about ?? at,
          author,
          text,
          ...(corrects !== undefined && { corrects }),
          attachments: files.map(({ name, type, size, sha256 }) => ({ name, type, size, sha256 })),
        });
      return { outcome: "noted" };
    },
    readAttachment: async () => refused,
    eraseAttachment: async () => refused,
    mutes: () => MASKS.every([], { incident: null }),
    deciders: async () => [],
    confirmSetAside: async () => refused,
    endSetAside: async () => refused,
    sendBack: async () => refused,
    handOver: async () => refused,
    handBack: async () => refused,
    prepareOral: async () => refused,
    recordOral: async () => refused,
    hearOral: async () => refused,
    withdrawOral: async () => refused,
    oralOf: async () => [],
    settleOral: async () => refused,
    dossiers: [first],
    answers: [],
    unmasked: [],
    flags: [],
    async incidents({ states, ids, limit }) {
      return desk.dossiers
        .filter(({ incident }) => states === undefined || states.includes(incident.state))
        .filter(({ incident }) => ids === undefined || ids.includes(incident.id))
        .slice(0, limit)
        .map(({ incident, qualification, deadlines }) =>
          MASKS.every(
            { incident, sentence: qualification?.sentence ?? null, muted: null, deadlines },
            { incident: incident.id },
          ),
        );
    },
    async dossier(id) {
      const found = desk.dossiers.find(({ incident }) => incident.id === id);
      const state = found?.current?.declaration.state;
      if (found !== undefined && (state === "approved" || state === "filed")) found.filing = found.current;
      return found && maskDossier(found, MASKS);
    },
    async unmask({ incident, alert, reason }, actor) {
      if (!mayAct(actor, "unmask")) return refused;
      desk.unmasked.push({ incident, alert, reason, actor: actor.id });
      return { outcome: "unmasked", original: ORIGINAL };
    },
    acknowledge: async (_incident, actor) => (mayAct(actor, "answer") ? { outcome: "seen" } : refused),
    async takeUp(incident, actor) {
      if (!mayAct(actor, "answer")) return refused;
      const dossier = desk.dossiers.find((each) => each.incident.id === incident);
      if (dossier === undefined) return refused;
      dossier.incident = { ...dossier.incident, found: clock.now(), declarant: actor.id };
      return { outcome: "taken_up" };
    },
    async answer(answer, actor) {
      if (!mayAct(actor, "answer")) return refused;
      desk.answers.push({ answer, actor });
      return { outcome: "answered" };
    },
    async flagSecret({ incident, holds }, actor) {
      if (!mayAct(actor, holds ? "answer" : "decide", clock.now())) return refused;
      desk.flags.push({ incident, holds });
      return { outcome: "flagged" };
    },
    async amend({ text, fields }, actor) {
      if (!mayAct(actor, "edit")) return refused;
      const found = seen(text);
      if ("outcome" in found) return found;
      const change = new Map(fields.map((each) => [each.id, each]));
      const { content } = found;
      const next: DeclarationContent = {
        ...content,
        version: content.version + 1,
        sections: content.sections.map((section) => ({
          ...section,
          fields: section.fields.map((field) => ({
            ...field,
            ...(change.has(field.id)
              ? {
                  ...change.get(field.id),
                  provenance: { by: "person", name: actor.name, at: clock.now() } as const,
                }
              : {}),
          })),
        })),
      };
      redraft(text.incident, next);
      return { outcome: "amended", declaration: draftOf(next) };
    },
    approve: async (text, how, actor) => {
      if (!mayAct(actor, "decide", clock.now())) return refused;
      return settle(text, { decision: "approved", how, reason: null }, actor) as never;
    },
    setAside: async (text, reason, how, actor) => {
      if (!mayAct(actor, "decide", clock.now())) return refused;
      return settle(text, { decision: "set_aside", how, reason }, actor) as never;
    },
    waysOut: [],
    waysOf: async () => [],
    recordImpossibility: async () => refused,
    startDelivery: async () => refused,
    resend: async () => refused,
    recordLost: async () => refused,
    async recordFiling({ incident, delivery, reference }, actor) {
      if (!mayAct(actor, "record_filing")) return refused;
      const dossier = desk.dossiers.find((each) => each.incident.id === incident);
      const planned = dossier?.deliveries.find((each) => each.id === delivery);
      if (dossier?.current === undefined || planned === undefined) {
        return { outcome: "refused", code: "unknown_delivery", because: "Cet envoi n'existe pas." };
      }
      Object.assign(planned, { state: "delivered", reference, settled: clock.now() });
      dossier.current.declaration = { ...dossier.current.declaration, state: "filed" };
      dossier.incident = { ...dossier.incident, state: "declared" };
      return { outcome: "recorded", delivery: planned };
    },
  };

  function seen(text: TextSeen): { content: DeclarationContent; dossier: Dossier } | Stale {
    const dossier = desk.dossiers.find(({ incident }) => incident.id === text.incident);
    const declaration = dossier?.current?.declaration;
    if (
      dossier !== undefined &&
      declaration?.version === text.version &&
      declaration.sha256 === text.sha256
    ) {
      return { content: contentOf(declaration), dossier };
    }
    const { id = "", version = 0, sha256 = "" } = declaration ?? {};
    return {
      outcome: "stale",
      current: declaration === undefined ? null : { declaration: id, version, sha256 },
    };
  }

  function redraft(incident: string, content: DeclarationContent): void {
    const dossier = desk.dossiers.find((each) => each.incident.id === incident);
    if (dossier === undefined) return;
    const declaration = draftOf(content);
    dossier.declarations = [...dossier.declarations, declaration];
    dossier.current = { declaration, content: contentOf(declaration) };
  }

  function settle(
    text: TextSeen,
    what: Pick<Dossier["decisions"][number], "decision" | "how" | "reason">,
    actor: Actor,
  ): { outcome: "approved" | "set_aside"; decision: Dossier["decisions"][number] } | Stale {
    const found = seen(text);
    if ("outcome" in found) return found;
    const { dossier, content } = found;
    const declaration = draftOf(content, what.decision);
    const decision = {
      id: newId(),
      incident: text.incident,
      declaration: text.declaration,
      version: text.version,
      sha256: text.sha256,
      delegate: { account: actor.id, name: actor.name },
      at: clock.now(),
      ...what,
    };
    dossier.current = { declaration, content: contentOf(declaration) };
    dossier.declarations = [...dossier.declarations.slice(0, -1), declaration];
    dossier.decisions = [...dossier.decisions, decision];
    dossier.incident = { ...dossier.incident, state: what.decision };
    if (what.decision === "approved") {
      dossier.deliveries = [
        {
          id: "del-1",
          incident: text.incident,
          declaration: text.declaration,
          version: text.version,
          sha256: text.sha256,
          kind: "declaration",
          channel: "portail",
          reach: "assisted",
          state: "planned",
          attempts: [],
          reference: null,
          planned: clock.now(),
          settled: null,
          exercise: content.exercise,
        },
      ];
    }
    return { outcome: what.decision, decision };
  }

  return desk;
}
