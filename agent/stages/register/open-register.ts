import { setImmediate } from "node:timers/promises";
import type { System } from "../../core/asset.ts";
import type { SignOff } from "../../core/closing.ts";
import type { Incident } from "../../core/incident.ts";
import type { Masks } from "../../core/masked.ts";
import type { Mute } from "../../core/mute.ts";
import type { OutsideDeclaration } from "../../core/outside-declaration.ts";
import { replace } from "../../core/replace.ts";
import type { ChangedRecord, Reads } from "../../store/store.ts";
import { ENTRY_KINDS, entryOf, leanRecord, type Noted, type Parts, type RegisterEntry } from "./entry.ts";

/** All incidents and declarations of a facility as they stand, in memory: what lists, figures and reports are made of. */
export interface Register {
  /**
   * Reads what changed since the last time. `behind` is true while the first reading goes on, which this does not wait
   * for; `done` says how far it is, 0 to 1.
   */
  refresh(): Promise<{ behind: boolean; done: number }>;
  /** The same, waiting for the end. */
  whole(): Promise<void>;
  /** Newest first. */
  entries(): readonly RegisterEntry[];
  outside(): readonly Noted<OutsideDeclaration & { revision: number }>[];
  mutes(): readonly Noted<Mute>[];
  signOffs(): readonly Noted<SignOff>[];
  /** The last journal entry that was taken in: other as soon as anything changed. */
  version(): number;
  /** Names systems, and masks patients, as the settings now have it; resolves once all that is known is said so. */
  follow(systems: RegisterParts["systems"]): Promise<void>;
}

/** What a register is opened with. */
export interface RegisterParts {
  reads: Pick<Reads, "changedSince" | "journalEnd">;
  facility: string;
  systems: ReadonlyMap<string, Pick<System, "name">>;
  masks: Masks;
}

const namesOf = (systems: RegisterParts["systems"]) =>
  new Map([...systems].map(([id, { name }]) => [id, name]));

/** Records read at once: some milliseconds, and the others have their turn. */
const SLICE = 40;

/** Opens the register; it reads nothing before it is asked to. */
export function openRegister({ reads, facility, systems, masks }: RegisterParts): Register {
  const names = namesOf(systems);
  const context = { names, mask: <T>(value: T, incident: string): T => masks.every(value, { incident }) };
  const parts = new Map<string, Parts>();
  const entries = new Map<string, RegisterEntry>();
  const beside = {
    outside_declaration: new Map<string, Noted<OutsideDeclaration & { revision: number }>>(),
    mute: new Map<string, Noted<Mute>>(),
    sign_off: new Map<string, Noted<SignOff>>(),
  };
  let read = 0;
  let head = 0;
  let whole = false;
  let ordered: readonly RegisterEntry[] | undefined;
  let running: Promise<void> | undefined;

  function take(changes: readonly ChangedRecord[]): void {
    const touched = new Set<string>();
    for (const change of changes) {
      read = change.entry;
      const { kind, id, incident, entry, revision } = change;
      if (ENTRY_KINDS.has(kind) && incident !== null) {
        const known = parts.get(incident) ?? new Map();
        if (kind === "incident" && (change.content as Incident).erased !== undefined)
          for (const [key, { kind: part }] of known) if (part !== "closing") known.delete(key);
        known.set(`${kind}/${id}`, leanRecord(change));
        parts.set(incident, known);
        touched.add(incident);
      } else if (kind === "outside_declaration" || kind === "mute" || kind === "sign_off") {
        const content = { ...(change.content as object), entry, revision } as never;
        beside[kind].set(id, content);
      }
    }
    for (const incident of touched) {
      const entry = entryOf(parts.get(incident) ?? new Map(), context);
      if (entry !== undefined) entries.set(incident, entry);
    }
    if (touched.size > 0) ordered = undefined;
  }

  async function readAll(): Promise<void> {
    for (;;) {
      head = (await reads.journalEnd(facility)).head?.seq ?? 0;
      const changes = await reads.changedSince(facility, read, SLICE);
      take(changes);
      if (changes.length < SLICE) break;
      await setImmediate();
    }
    whole = true;
  }

  const catchUp = () => {
    running ??= readAll().finally(() => {
      running = undefined;
    });
    return running;
  };

  return {
    async refresh() {
      const reading = catchUp();
      if (whole) await reading;
      // Told to whoever asks next; here nobody waits for it.
      else reading.catch(() => undefined);
      return { behind: !whole, done: whole ? 1 : read / Math.max(head, 1) };
    },
    whole: catchUp,
    entries() {
      ordered ??= [...entries.values()].sort((a, b) => b.created - a.created);
      return ordered;
    },
    outside: () => [...beside.outside_declaration.values()],
    mutes: () => [...beside.mute.values()],
    signOffs: () => [...beside.sign_off.values()],
    version: () => read,
    async follow(others) {
      replace(names, namesOf(others));
      let left = 0;
      for (const [incident, known] of [...parts]) {
        const entry = entryOf(known, context);
        if (entry !== undefined) entries.set(incident, entry);
        if (++left % SLICE === 0) await setImmediate();
      }
      ordered = undefined;
    },
  };
}
