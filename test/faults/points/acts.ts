import type { Incident } from "../../../agent/core/incident.ts";
import type { Reads } from "../../../agent/store/store.ts";
import { FACILITY } from "../../support/daemon.ts";
import type { Scene } from "../../support/web-server.ts";
import { hiddenFields, visitor } from "../../support/web-visitor.ts";

/** What a person does on pages: what they send, and how the record shows that it stands. */
export interface Act {
  /** Below the incident: the page that has the form, and where it is sent. */
  page: string;
  action: string;
  fields: () => Promise<Record<string, string>> | Record<string, string>;
  /** A file sent with it. */
  file?: { field: string; name: string; text: string };
  stands: (reads: Reads, incident: Incident) => Promise<boolean>;
}

const count =
  (kind: "exchange" | "recommendation" | "accompaniment" | "partner" | "logbook", least = 1) =>
  async (reads: Reads, { id }: Incident) =>
    (await reads.ofIncident(FACILITY, kind, id)).length >= least;

/** What the follow-up of a declaration is made of; each stands once, however often it had to be sent. */
export const FOLLOW_UP: readonly Act[] = [
  {
    page: "",
    action: "/notes",
    fields: () => ({ text: "Le CERT Santé rappelle demain matin.", date: "", time: "", corrects: "" }),
    file: { field: "files", name: "courriel.txt", text: "Message reçu du CERT Santé, recopié." },
    stands: count("logbook"),
  },
  {
    page: "/suivi",
    action: "/suivi/echanges",
    fields: () => ({
      ...{ party: "cert_sante", direction: "received", way: "mail", kind: "acknowledgement" },
      ...{ subject: "Accusé de réception", text: "Signalement reçu.", informed: "ARS" },
    }),
    stands: count("exchange"),
  },
  {
    page: "/suivi",
    action: "/suivi/echanges",
    fields: () => ({
      ...{ party: "cert_sante", direction: "received", way: "mail", kind: "information_request" },
      ...{ subject: "Demande de précisions", text: "Combien de dossiers sont touchés ?" },
    }),
    stands: count("exchange", 2),
  },
  {
    page: "/suivi",
    action: "/suivi/recommandations",
    fields: () => ({ kind: "remediation", text: "Changer les comptes de service.", from: "CERT Santé" }),
    stands: count("recommendation"),
  },
  {
    page: "/suivi",
    action: "/suivi/accompagnement",
    fields: () => ({ of: "CERT Santé", text: "Relecture des journaux." }),
    stands: count("accompaniment"),
  },
  {
    page: "/suivi",
    action: "/suivi/prevenus",
    fields: () => ({ label: "Établissement voisin", state: "to_tell" }),
    stands: count("partner"),
  },
];
/** How many records of each kind these leave. */
export const STANDING = { logbook: 1, exchange: 2, recommendation: 1, accompaniment: 1, partner: 1 } as const;

/** Ends a state that was found. */
export const endOf = (fact: string): Act => ({
  page: "/faits",
  action: "/faits/fin",
  fields: () => ({ fact, who: "self", name: "", date: "", time: "" }),
  async stands(reads, { id }) {
    const facts = await reads.ofIncident(FACILITY, "fact", id);
    return facts.some(({ content }) => content.id === fact && content.until !== null);
  },
});

export const RESOLVED: Act = {
  page: "/suivi",
  action: "/suivi/objet",
  fields: () => ({ kind: "resolution", reason: "Tous les services sont rétablis et vérifiés." }),
  stands: async (reads, { id }) => {
    const texts = await reads.ofIncident(FACILITY, "declaration", id);
    return texts.some(({ content }) => content.kind === "resolution" && content.state === "draft");
  },
};

/** Approves the text that stands on the page of the decision. */
export const approval = (code: () => string): Act => ({
  page: "/decision",
  action: "/decision/valider",
  fields: () => ({ code: code() }),
  stands: async (reads, { id }) =>
    (await reads.ofIncident(FACILITY, "decision", id)).filter(
      ({ content }) => content.decision === "approved",
    ).length === 2,
});

export const CLOSED: Act = {
  page: "",
  action: "/clore",
  fields: () => ({ reason: "Rétabli, déclaré, résolution déposée." }),
  stands: async (reads, { id }) => (await reads.record(FACILITY, "incident", id))?.content.state === "closed",
};

/** Somebody at a browser, who lives through restarts of what they look at. */
export interface Person {
  /** False when they were not let in. */
  signIn(account: { login: string; password: string; code: string }): Promise<boolean>;
  /** Does it once, and says whether it stands; what was typed is sent again as it was. */
  act(act: Act, incident: Incident, reads: Reads): Promise<boolean>;
  /** A page as it is read; rejects when it is not there within the time. */
  page(path: string, ms?: number): Promise<string>;
}

export function personAt(address: () => string): Person {
  const person = visitor({
    get url() {
      return address();
    },
  } as Scene);
  /** The fields that a form came with when it was first opened. */
  const opened = new Map<Act, Record<string, string>>();
  return {
    async signIn(account) {
      const door = `/${FACILITY}/connexion`;
      // Who is inside already is led on.
      if ((await person.get(door)).status === 303) return true;
      return (await person.submit(door, door, account)).status === 303;
    },
    async act(act, incident, reads) {
      if (await act.stands(reads, incident)) return true;
      const here = `/${FACILITY}/incidents/${incident.id}`;
      const { html } = await person.get(`${here}${act.page}`);
      const now = hiddenFields(html, `${here}${act.action}`);
      const first = opened.get(act) ?? now;
      opened.set(act, first);
      // A text is approved as it stands on the page; only the mark of a form that was typed into stays what it was.
      const form = first.form === undefined ? {} : { form: first.form };
      const fields = { ...now, ...form, ...(await act.fields()) };
      if (act.file === undefined) await person.post(`${here}${act.action}`, fields);
      else {
        const body = new FormData();
        for (const [name, value] of Object.entries(fields)) body.set(name, value);
        body.set(act.file.field, new Blob([act.file.text], { type: "text/plain" }), act.file.name);
        await person.get(`${here}${act.action}`, { method: "POST", body });
      }
      return act.stands(reads, incident);
    },
    page: async (path, ms = 30_000) =>
      (await person.get(`/${FACILITY}${path}`, { signal: AbortSignal.timeout(ms) })).text,
  };
}
