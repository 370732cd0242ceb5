import type { Instant } from "../../core/clock.ts";
import type { JournalEntry } from "../../core/journal.ts";
import type { Account } from "../../core/person.ts";
import type { Store, Stored, Write } from "../../store/store.ts";
import { erase, unitsOf } from "./erase-dossier.ts";

/** Most entries about accounts that are looked through. */
const ENTRIES = 100_000;
const PAGE = 500;
/** What an account whose person is erased is called. */
const GONE = { name: "Compte effacé", login: /^efface-/ } as const;
/** The entries of the house that tell whose an account is. */
const TYPES = [
  "account.put",
  "note.account_made",
  "note.account_changed",
  "note.account_closed",
  "note.account_reopened",
  "note.account_reviewed",
  "note.credentials_changed",
  "note.delegation_recorded",
  "note.delegation_ended",
  "note.means_renewed",
] as const;

/** A closed account whose time is over. */
export interface DueAccount {
  stored: Stored<Account>;
  /** When it was closed, or changed last since. */
  at: Instant;
}

/** Finds the closed accounts that nobody changed since an instant, and that still say whose they are. */
export async function dueAccounts(
  store: Pick<Store, "reads">,
  facility: string,
  before: Instant,
): Promise<DueAccount[]> {
  const closed: Stored<Account>[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.reads.byState(facility, "account", [], { limit: PAGE, after });
    closed.push(...page.filter(({ content }) => !content.active && !GONE.login.test(content.login)));
    after = page.at(-1)?.content.id;
    if (page.length < PAGE) break;
  }
  if (closed.length === 0) return [];
  const asked = { types: ["account.put"], from: 0, before, limit: ENTRIES };
  const last = new Map<string, { revision: number; at: Instant }>();
  for (const { content, at } of await store.reads.journalOfHouse(facility, asked)) {
    if (content === null) continue;
    const { id, revision } = JSON.parse(content) as { id: string; revision: number };
    last.set(id, { revision, at });
  }
  return closed.flatMap((stored) => {
    const found = last.get(stored.content.id);
    // A later revision is after that instant.
    return found?.revision === stored.revision ? [{ stored, at: found.at }] : [];
  });
}

/** Takes from a closed account whose it was, with all that earlier entries said of it; its role and dates stay. */
export async function eraseAccount(
  { stored: { content: account, revision } }: DueAccount,
  { store, facility, now, policy }: { store: Store; facility: string; now: Instant; policy: string },
): Promise<void> {
  const { id, role, created } = account;
  const asked = { types: TYPES, from: 0, before: now, limit: ENTRIES };
  const said = (await store.reads.journalOfHouse(facility, asked)).filter((entry) => isAbout(entry, account));
  const puts = said.filter(({ type }) => type === "account.put");
  const stands = puts.at(-1);
  const sized = said
    .filter((entry) => entry !== stands)
    .map(({ seq, content }) => ({ seq, size: content?.length ?? 0 }));
  for (const entries of unitsOf(sized)) await erase(store, { facility, at: now }, { policy, entries });
  const bare: Account = {
    ...{ id, role, created, active: false, name: GONE.name, login: `efface-${id.slice(-12)}` },
    ...{ function: "", email: "", phone: "" },
  };
  const writes: Write[] = [
    {
      write: "record",
      kind: "account",
      id,
      revision: revision + 1,
      incident: null,
      state: role,
      content: bare,
    },
    {
      write: "erasure",
      erasure: { policy, entries: stands === undefined ? [] : [stands.seq], meansOf: id },
    },
  ];
  await store.commit({ facility, at: now, writes });
}

function isAbout({ content }: JournalEntry, { id, login }: Account): boolean {
  if (content === null) return false;
  const said = JSON.parse(content) as { id?: unknown; account?: unknown; login?: unknown };
  return [said.id, said.account].includes(id) || said.login === login;
}
