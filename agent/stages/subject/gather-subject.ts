import type { Instant } from "../../core/clock.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import type { Masks } from "../../core/masked.ts";
import type { Account } from "../../core/person.ts";
import type { Reads } from "../../store/store.ts";
import { breather } from "../breather.ts";

/** Most mentions given of each kind: what is more is counted. */
export const MENTIONS_MOST = 2000;
/** Characters shown on each side of what was found. */
const AROUND = 100;
const PAGE = 500;
/** Refused records looked through: more are never kept. */
const REFUSED = 100_000;
/** Shortest text that is sought: a shorter one is in everything. */
export const LEAST = 3;

/** A place where someone is named. */
export interface Mention {
  /** The entry of the journal, where it is one. */
  entry?: number;
  type: string;
  at: Instant;
  /** Reference of the incident that it is about. */
  incident: string | null;
  /** The words around, once. */
  excerpt: string;
}

/** Mentions of one kind, bounded, and how many there are. */
export interface Mentions {
  count: number;
  shown: Mention[];
}

/** What is held on one person. */
export interface Subject {
  sought: string[];
  accounts: (Account & { sessions: number; passkeys: { name: string; added: Instant }[] })[];
  /** What the person did: entries that name their account. */
  acts: Mentions;
  /** Entries and records that name the person otherwise. */
  texts: Mentions;
  alerts: Mentions;
  refused: Mentions;
  /** Dossiers under the secret of national defence, of which nothing is read here. */
  withheld: number;
  /** Entries whose content a rule of conservation erased. */
  erased: number;
}

/** Gathers what names a person, by the very words that are given and by those of their account, or by the mark they are masked under. */
export async function gatherSubject(
  reads: Reads,
  {
    facility,
    sought,
    masks,
    now,
  }: { facility: string; sought: readonly string[]; masks: Masks; now: Instant },
): Promise<Subject> {
  const accounts = await accountsOf(reads, facility, sought);
  const ids = accounts.map(({ id }) => id);
  const own = accounts.flatMap(({ name, login, email, phone, identity = "" }) => [
    name,
    login,
    email,
    phone,
    identity,
  ]);
  const words = [...new Set([...sought, ...own].map((each) => each.trim()))].filter(
    ({ length }) => length >= LEAST,
  );
  const find = finder(words, masks);
  const dossiers = openDossiers(reads, facility);
  const found: Subject = {
    ...{ sought: [...sought], accounts: [], withheld: 0, erased: 0 },
    ...{ acts: none(), texts: none(), alerts: none(), refused: none() },
  };
  for (const account of accounts) {
    const { factors } = await reads.factors(facility, account.id);
    const sessions = (await reads.sessionsOf(facility, account.id, now)).length;
    const passkeys = factors.passkeys.map(({ name, added }) => ({ name, added }));
    found.accounts.push({ ...account, sessions, passkeys });
  }
  const breathe = breather();
  for (let from = 1; ; ) {
    const page = await reads.journal(facility, from, PAGE);
    for (const { seq, type, at, incident, content } of page) {
      if (content === null) found.erased += 1;
      const act = content === null ? undefined : ids.find((id) => content.includes(`"${id}"`));
      const text = content === null ? undefined : find(content, incident);
      if (content !== null && (act ?? text) !== undefined && !(await dossiers.secret(incident))) {
        const excerpt = text ?? excerptOf(content, content.indexOf(act ?? ""), 0);
        const mention = { entry: seq, type, at, incident: await dossiers.reference(incident), excerpt };
        note(act === undefined ? found.texts : found.acts, mention);
      }
      await breathe();
    }
    from = (page.at(-1)?.seq ?? 0) + 1;
    if (page.length < PAGE) break;
  }
  let last = "";
  for (let after = 0; ; ) {
    const page = await reads.detectionsAfter(facility, after, PAGE);
    for (const { alert, detection } of page) {
      if (alert.id === last) continue;
      last = alert.id;
      const excerpt = find(JSON.stringify(alert), null);
      if (excerpt !== undefined)
        note(found.alerts, { type: detection.rule.title, at: alert.received, incident: null, excerpt });
      await breathe();
    }
    after = page.at(-1)?.detection.seq ?? after;
    if (page.length < PAGE) break;
  }
  for (const { source, received, sample } of await reads.quarantine(facility, REFUSED)) {
    const excerpt = find(sample, null);
    if (excerpt !== undefined) note(found.refused, { type: source, at: received, incident: null, excerpt });
  }
  return { ...found, withheld: dossiers.withheld() };
}

async function accountsOf(reads: Reads, facility: string, sought: readonly string[]): Promise<Account[]> {
  const wanted = new Set(sought.map(fold));
  const found: Account[] = [];
  for (let after: string | undefined; ; ) {
    const page = await reads.byState(facility, "account", [], { limit: PAGE, after });
    for (const { content } of page) {
      const { id, login, name, email, identity = "" } = content;
      if ([id, login, name, email, identity].some((each) => each !== "" && wanted.has(fold(each))))
        found.push(content);
    }
    after = page.at(-1)?.content.id;
    if (page.length < PAGE) return found;
  }
}

/** Finds any of the words in a text, or the marks that they have in an incident; gives the words around the first. */
function finder(words: readonly string[], masks: Masks) {
  const sets = new Map<string | null, readonly string[]>();
  const wordsIn = (incident: string | null): readonly string[] => {
    const known = sets.get(incident);
    if (known !== undefined) return known;
    const marks = words.map((word) => String(masks.text(word, { incident })));
    const all = [...new Set([...words, ...marks])].map(fold);
    sets.set(incident, all);
    return all;
  };
  return (text: string, incident: string | null): string | undefined => {
    const folded = fold(text);
    for (const word of wordsIn(incident)) {
      const at = folded.indexOf(word);
      if (at >= 0) return excerptOf(text, at, word.length);
    }
    return undefined;
  };
}

const fold = (text: string) => text.normalize("NFC").toLowerCase();

function excerptOf(text: string, at: number, length: number): string {
  const [from, to] = [Math.max(0, at - AROUND), Math.min(text.length, at + length + AROUND)];
  return `${from > 0 ? "…" : ""}${text.slice(from, to)}${to < text.length ? "…" : ""}`.toWellFormed();
}

function openDossiers(reads: Reads, facility: string) {
  const known = new Map<string, Promise<{ reference: string; secret: boolean }>>();
  const read = async (incident: string) => {
    const stored = await reads.record(facility, "incident", incident);
    const facts = await reads.ofIncident(facility, "fact", incident);
    const secret = underDefenceSecret(facts.map(({ content }) => content));
    if (secret) withheld += 1;
    return { reference: stored?.content.reference ?? incident, secret };
  };
  let withheld = 0;
  const of = (incident: string) => {
    const found = known.get(incident) ?? read(incident);
    known.set(incident, found);
    return found;
  };
  return {
    secret: async (incident: string | null) => incident !== null && (await of(incident)).secret,
    reference: async (incident: string | null) => (incident === null ? null : (await of(incident)).reference),
    withheld: () => withheld,
  };
}

const none = (): Mentions => ({ count: 0, shown: [] });

function note(mentions: Mentions, mention: Mention): void {
  mentions.count += 1;
  if (mentions.shown.length < MENTIONS_MOST) mentions.shown.push(mention);
}
