import { expect, it } from "vitest";
import { isoFromInstant } from "../../agent/core/clock.ts";
import { fc } from "../../test/support/property.ts";
import { isoOf } from "./iso-of.ts";

it("renders every instant as the clock does", () => {
  const instant = fc.integer({ min: -2_200_000_000_000_000, max: 8_800_000_000_000_000 });
  fc.assert(fc.property(instant, (at) => isoOf(at) === isoFromInstant(at)));
  for (const at of [0, -1, 1, 999, 1000, 86_399_999_999, 86_400_000_000])
    expect(isoOf(at)).toBe(isoFromInstant(at));
});
