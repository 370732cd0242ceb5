import { describe, expect, it } from "vitest";
import { Retention } from "./retention.ts";

describe("the section retention", () => {
  it("takes dossiers for public archives, and archives nowhere, unless told", () => {
    expect(Retention.parse({})).toMatchObject({
      public_archives: true,
      dossiers_days: 1825,
      access_days: 365,
    });
    expect(Retention.parse({}).archive).toBeUndefined();
  });

  it.each(["evidence_days", "attachments_days"])("refuses %s that outlive their dossier", (name) => {
    const { error } = Retention.safeParse({
      dossiers_days: 700,
      evidence_days: 1,
      attachments_days: 1,
      [name]: 701,
    });
    expect(error?.issues).toMatchObject([{ path: [name], message: expect.stringContaining("700") }]);
  });

  it.each([0, -1, 1.5, 36_501, "365"])("refuses %s as a number of days", (days) => {
    expect(Retention.safeParse({ access_days: days }).success).toBe(false);
  });
});
