import { type Alert, AlertTag } from "../../agent/core/alert.ts";
import type { Claim } from "../../agent/core/claim.ts";
import type { ParseContext } from "../contract.ts";
import { addTag, draftOf } from "../shared/draft.ts";
import { claimsOf, datasetClaimOf } from "./claims-of.ts";
import { compileWork, type Place, placeOf, type Source } from "./compile-work.ts";
import { type Condition, conditionsOf } from "./condition.ts";
import { dropTag } from "./put.ts";
import type { MappingFile } from "./schema.ts";

/** What tells that a record is of a product: conditions that hold together, and where they are written. */
export interface Sign {
  conditions: readonly Condition[];
  place: Place;
}

/** A mapping, compiled: how it knows its records, and what it does with their alerts. */
export interface Mapping {
  name: string;
  title: string;
  file: string;
  /** Formats whose alerts it reads, as `event.module` names them. */
  over: readonly string[];
  signs: readonly Sign[];
  /** What it writes of the product by itself. */
  claims: readonly Claim[];
  /** Changes the alert of one record in place. */
  apply(alert: Alert, context: ParseContext): void;
}

/**
 * Compiles a mapping; everything wrong with it is told, and then it must not be used.
 *
 * What it does is compiled at its first record when it is `trusted`, as one that comes with the program and its tests:
 * few of the products that are known write to one installation, and its start waits for none of the others.
 */
export function compileMapping(written: MappingFile, source: Source, trusted = false): Mapping {
  const { mapping: name, title, over } = written;
  const single = !Array.isArray(written.when);
  const signs = [written.when].flat().map((when, i): Sign => {
    const path = single ? ["when"] : ["when", i];
    const conditions = conditionsOf(when);
    if (!conditions.some(({ wanted }) => wanted !== "absent")) {
      const message = "it would take any record for this product's";
      source.refuse(path, "mapping_when", message, "name a field that only this product writes");
    }
    return { conditions, place: placeOf(source, path) };
  });
  const conditions = signs.map((sign) => sign.conditions);
  let work = trusted ? undefined : compileWork(written, source);

  return {
    name,
    title,
    file: source.file,
    over,
    signs,
    claims: [...claimsOf(written, conditions), datasetClaimOf(written, conditions)],
    apply(alert, context) {
      const draft = draftOf(alert);
      work ??= compileWork(written, source);
      work(draft, context);
      draft.event.dataset = name;
      dropTag(alert, AlertTag.unrecognised);
      if (draft.cut) addTag(alert, AlertTag.cut);
      context.trace?.({ by: "mapping", name }, alert);
    },
  };
}
