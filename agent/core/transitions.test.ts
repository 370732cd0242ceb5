import { describe, expect, it } from "vitest";
import { ACCOMPANIMENT_TRANSITIONS } from "./accompaniment.ts";
import { DECLARATION_TRANSITIONS } from "./declaration.ts";
import { DELIVERY_TRANSITIONS } from "./delivery.ts";
import { DUTY_TRANSITIONS } from "./duty-file.ts";
import { EFFECT_TRANSITIONS } from "./effect-transitions.ts";
import { EXCHANGE_TRANSITIONS } from "./exchange.ts";
import { INCIDENT_TRANSITIONS } from "./incident.ts";
import { RECOMMENDATION_TRANSITIONS } from "./recommendation.ts";
import { mayMove, move, type Transitions } from "./transitions.ts";

/** Every step of every life, written a second time: `from > to | to`. */
const LIVES: [string, Transitions<string>, string[]][] = [
  [
    "an effect",
    EFFECT_TRANSITIONS,
    [
      "planned > claimed | cancelled",
      "claimed > planned | done | failed | uncertain",
      "uncertain > planned | done | failed | cancelled",
      "done >",
      "failed > planned",
      "cancelled >",
    ],
  ],
  [
    "an incident",
    INCIDENT_TRANSITIONS,
    [
      "candidate > open | in_review | set_aside | closed | merged",
      "open > in_review | set_aside | merged",
      "in_review > open | approved | set_aside | merged",
      "approved > in_review | declared",
      "declared > facts_ended | in_review",
      "facts_ended > declared | in_review | closed",
      "set_aside > open | in_review | closed | merged",
      "closed > open | declared | facts_ended | set_aside",
      "merged > candidate | open | in_review | set_aside",
    ],
  ],
  [
    "a declaration",
    DECLARATION_TRANSITIONS,
    [
      "draft > approved | set_aside",
      "approved > filed | replaced | contested",
      "filed >",
      "replaced >",
      "set_aside >",
      "contested >",
    ],
  ],
  [
    "a delivery",
    DELIVERY_TRANSITIONS,
    [
      "planned > sending | delivered | refused | dropped",
      "sending > planned | delivered | refused | uncertain",
      "uncertain > planned | delivered | refused",
      "delivered >",
      "refused > planned | dropped",
      "dropped >",
    ],
  ],
  [
    "the text of a duty",
    DUTY_TRANSITIONS,
    [
      "draft > approved | not_notified",
      "approved > notified | replaced",
      "notified >",
      "not_notified >",
      "replaced >",
    ],
  ],
  [
    "an exchange",
    EXCHANGE_TRANSITIONS,
    ["recorded > cancelled", "open > answered | cancelled", "answered > cancelled", "cancelled >"],
  ],
  [
    "a recommendation",
    RECOMMENDATION_TRANSITIONS,
    ["open > done | refused", "done > open", "refused > open"],
  ],
  [
    "an accompaniment",
    ACCOMPANIMENT_TRANSITIONS,
    [
      "requested > granted | under_way | declined | withdrawn",
      "granted > under_way | ended | withdrawn",
      "under_way > ended",
      "ended >",
      "declined >",
      "withdrawn >",
    ],
  ],
];

describe("the tables of transitions", () => {
  it.each(LIVES)("say every step that %s may take, and no other", (_of, table, steps) => {
    const said = Object.entries(table).map(([from, next]) => `${from} > ${next.join(" | ")}`.trim());
    expect(said).toEqual(steps);
  });
});

describe("move", () => {
  const table: Transitions<"ajar" | "open" | "shut"> = { ajar: ["open", "shut"], open: ["ajar"], shut: [] };

  it("returns the state gone to where the table allows the step", () => {
    expect([mayMove(table, "ajar", "shut"), move(table, "ajar", "shut")]).toEqual([true, "shut"]);
  });

  it.each([
    ["open", "shut", "cannot go from open to shut; from open the next state may be: ajar"],
    ["ajar", "ajar", "cannot go from ajar to ajar; from ajar the next state may be: open, shut"],
    ["shut", "open", "cannot go from shut to open; from shut the next state may be: nothing"],
  ] as const)("refuses to go from %s to %s, and says what is allowed", (from, to, message) => {
    expect(mayMove(table, from, to)).toBe(false);
    expect(() => move(table, from, to)).toThrow(
      expect.objectContaining({ code: "transition_refused", message }),
    );
  });
});
