import type { Alert, FieldValue } from "../../agent/core/alert.ts";
import { type Draft, fieldName, putField } from "../shared/draft.ts";
import {
  ecsReader,
  type FieldReader,
  fieldReader,
  isOwnField,
  listNameOf,
  namesOfList,
  oneOrSeveral,
} from "./field-reader.ts";

/** The fields of the record in hand, under the names that a mapping reads. */
export interface RecordSlots {
  /** The reader of a field of the record in hand, as `fieldReader` is of any. */
  readerOf(name: string): FieldReader;
  /** Where the value of a field that only the source has is told; undefined for any other. */
  slotOf(name: string): Readonly<Pick<Slot, "value">> | undefined;
  /** Has a deed woken by a field; false for a field that may be elsewhere than among the source's own. */
  wake(name: string, deed: number): boolean;
  /** Takes up a record; the deeds that it wakes are marked. */
  fill(fields: Readonly<Record<string, FieldValue>>, awake: Uint8Array): void;
  /** Takes it up again, with the fields that were added to it. */
  refill(fields: Readonly<Record<string, FieldValue>>): void;
  /** Adds a field to the record in hand. */
  put(draft: Draft, name: string, value: FieldValue): void;
  /** Says whether members of lists are read, which `put` knows nothing of. */
  readsLists(): boolean;
  /** Lets the record go. */
  clear(): void;
}

/** What the record in hand has under one name. */
interface Slot {
  value: FieldValue | undefined;
  /** Of `filters[].id`, what `filters.0.id`, `filters.1.id` and so on have. */
  members: FieldValue[] | undefined;
  wakes: number[];
}

const hasValue = ({ value, members }: Slot) =>
  value !== undefined || (members !== undefined && members.length > 0);
const valuesIn = ({ value, members }: Slot) => members ?? [value];

/** Names of records that are kept with their slots; a sender of ever new names makes them be found again. */
const MOST_NAMES = 4096;
const NO_SLOTS: readonly Slot[] = [];

/**
 * Makes the slots of a mapping, which one walk over the fields of a record fills.
 *
 * A mapping names many more fields than a record has: looked up one by one, those that are absent cost the most.
 */
export function recordSlots(): RecordSlots {
  const named = new Map<string, Slot>();
  const places = new Map<string, readonly Slot[]>();
  const filled: Slot[] = [];
  let lists = false;
  let marks: Uint8Array = new Uint8Array(0);

  function slotOf(name: string): Slot {
    const known = named.get(name);
    if (known !== undefined) return known;
    const slot: Slot = { value: undefined, members: name.includes("[]") ? [] : undefined, wakes: [] };
    named.set(name, slot);
    return slot;
  }

  /** The slots that a field fills: that of its name, and that of the list which it is a member of. */
  function placesOf(name: string): readonly Slot[] {
    const list = lists ? listNameOf(name) : undefined;
    const found = [named.get(name), list === undefined ? undefined : named.get(list)];
    const slots = found.filter((slot) => slot !== undefined);
    if (places.size >= MOST_NAMES) places.clear();
    places.set(name, slots.length === 0 ? NO_SLOTS : slots);
    return slots;
  }

  function take(name: string, value: FieldValue): void {
    for (const slot of places.get(name) ?? placesOf(name)) {
      if (slot.members === undefined) slot.value = value;
      else slot.members.push(value);
      filled.push(slot);
      for (const deed of slot.wakes) marks[deed] = 1;
    }
  }

  function clear(): void {
    for (const slot of filled) {
      slot.value = undefined;
      if (slot.members !== undefined) slot.members = [];
    }
    filled.length = 0;
  }

  function refill(fields: Readonly<Record<string, FieldValue>>): void {
    clear();
    for (const name in fields) take(name, fields[name] as FieldValue);
  }

  return {
    readerOf(name) {
      if (name.startsWith("labels.")) return fieldReader(name);
      if (name.includes("[]")) {
        lists = true;
        const slots = namesOfList(name).map(slotOf);
        return () => (slots.some(hasValue) ? oneOrSeveral(slots.flatMap(valuesIn)) : undefined);
      }
      const slot = slotOf(name);
      if (isOwnField(name)) return () => slot.value;
      const ecs = ecsReader(name);
      return (alert: Alert) => ecs(alert) ?? slot.value;
    },
    slotOf: (name) => (isOwnField(name) && !name.includes("[]") ? slotOf(name) : undefined),
    wake(name, deed) {
      if (!isOwnField(name)) return false;
      const names = name.includes("[]") ? namesOfList(name) : [name];
      for (const each of names) slotOf(each).wakes.push(deed);
      return true;
    },
    fill(fields, awake) {
      marks = awake;
      refill(fields);
    },
    refill,
    put(draft, name, value) {
      putField(draft, name, value);
      const written = fieldName(draft, name);
      take(written, draft.fields[written] ?? null);
    },
    readsLists: () => lists,
    clear,
  };
}
