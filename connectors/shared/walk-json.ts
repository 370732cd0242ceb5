import { ALERT_LIMITS } from "../../agent/core/alert.ts";
import type { ParseContext } from "../contract.ts";
import { type Draft, putField } from "./draft.ts";
import { flatten, isScalar, type JsonObject } from "./json.ts";
import { ecsLeaf, type Leaf, putLeaf } from "./put-ecs.ts";

/** What a format knows of the names in its documents. */
export interface Scheme<Role, Target> {
  /** Whether ECS names are ECS fields: their values go there, and to `fields` only when they do not fit. */
  ecs: boolean;
  /** The name in `fields`, where the format has one of its own. (Default: the dotted path.) */
  fieldOf?(path: string): string | undefined;
  /** What a name means to this format, by its dotted path. */
  roleOf(path: string): Role | undefined;
  /** Takes a value whose place has a role; true when that is all there is to do with it. */
  found(target: Target, role: Role, value: unknown, context: ParseContext): boolean;
}

/** One place in documents, with what is known of it: worked out once, since documents repeat their names. */
interface Place<Role> {
  key: string;
  path: string;
  field: string;
  leaf: Leaf | undefined;
  role: Role | undefined;
  /** The time of the event stands at its place in ECS. */
  isTime: boolean;
  below: Map<string, Place<Role>>;
  /** The first of those below, and the one after this, as they last were: the next document has the same order. */
  first: Place<Role> | undefined;
  next: Place<Role> | undefined;
}

/** Writes every scalar of a document, to ALERT_LIMITS; those with a role are told to the target. */
export type WalkJson<Target> = (
  draft: Draft,
  document: JsonObject,
  context: ParseContext,
  target: Target,
) => void;

/** Places kept; a sender of ever new names makes them be worked out again. */
const MOST_PLACES = 20_000;

/** Makes the walk through documents of one format. */
export function walkJson<Role, Target>(scheme: Scheme<Role, Target>): WalkJson<Target> {
  const root: Place<Role> = {
    key: "",
    path: "",
    field: "",
    leaf: undefined,
    role: undefined,
    isTime: false,
    below: new Map(),
    first: undefined,
    next: undefined,
  };
  let places = 0;

  function grow(above: Place<Role>, key: string): Place<Role> {
    const path = above.path === "" ? key : `${above.path}.${key}`;
    // A longer name is cut where it is written; it means nothing.
    const known = path.length <= ALERT_LIMITS.name;
    const place: Place<Role> = {
      key,
      path: known ? path : path.slice(0, ALERT_LIMITS.name + 1),
      field: (known ? scheme.fieldOf?.(path) : undefined) ?? path,
      leaf: known && scheme.ecs ? ecsLeaf(path) : undefined,
      role: known ? scheme.roleOf(path) : undefined,
      isTime: scheme.ecs && path === "@timestamp",
      below: new Map(),
      first: undefined,
      next: undefined,
    };
    if (!known) return place;
    if (places++ >= MOST_PLACES) {
      root.below.clear();
      root.first = undefined;
      places = 0;
    }
    above.below.set(key, place);
    return place;
  }

  /** The place of a name: most often the one that came after the same name before. */
  function placeOf(above: Place<Role>, before: Place<Role> | undefined, key: string): Place<Role> {
    const guess = before === undefined ? above.first : before.next;
    if (guess !== undefined && guess.key === key) return guess;
    const place = above.below.get(key) ?? grow(above, key);
    if (place.path.length > ALERT_LIMITS.name) return place;
    if (before === undefined) above.first = place;
    else before.next = place;
    return place;
  }

  function walk(
    draft: Draft,
    above: Place<Role>,
    value: JsonObject,
    depth: number,
    context: ParseContext,
    target: Target,
  ): void {
    let before: Place<Role> | undefined;
    for (const key in value) {
      if (draft.room <= 0) {
        draft.cut = true;
        return;
      }
      const place = placeOf(above, before, key);
      before = place;
      const member = value[key];
      const { leaf, role } = place;
      if (role !== undefined && scheme.found(target, role, member, context)) continue;
      if (place.isTime) continue;
      if (leaf !== undefined && member !== null && putLeaf(draft, leaf, member, context)) continue;
      if (isScalar(member)) putField(draft, place.field, member);
      else if (Array.isArray(member)) flatten(draft, place.field, member, depth);
      else if (depth >= ALERT_LIMITS.depth) draft.cut = true;
      else if (typeof member === "object")
        walk(draft, place, member as JsonObject, depth + 1, context, target);
    }
  }

  return (draft, document, context, target) => walk(draft, root, document, 1, context, target);
}
