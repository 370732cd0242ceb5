import { describe, expect, it } from "vitest";
import { aWork } from "../../test/support/text-to-decide.ts";
import { to } from "./judge.ts";

describe("to", () => {
  it("takes an incident where the table lets it go, and says why", () => {
    const work = aWork();
    const { incident } = work;
    to(work, "approved", "Validé.");
    expect(work.incident).toEqual({ ...incident, state: "approved", because: "Validé." });
    expect(incident.state).toBe("in_review");
  });

  it("leaves an incident as it is where the table does not", () => {
    const work = aWork();
    const { incident } = work;
    to(work, "declared", "Déposé.");
    expect(work.incident).toBe(incident);
  });
});
