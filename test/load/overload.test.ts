import { beforeAll, expect, it } from "vitest";
import { describePeer, gcc } from "../support/peer.ts";
import { MOST_MEMORY, type Overload, playOverload } from "./play-overload.ts";

describePeer(gcc, "five times what it takes by UDP and HTTP", () => {
  let found: Overload;
  const said: string[] = [];
  beforeAll(async () => {
    found = await playOverload({ seconds: 3, small: true, say: (line) => void said.push(line) });
  }, 400_000);

  it("loses no acknowledged alert, counts all that it sheds, and keeps what people and heartbeats ask answered", () => {
    expect(found.broken, said.join("\n")).toEqual([]);
  });

  it("was offered more than it takes, and shed or pushed it back", () => {
    const { sent, dropped, lost, posted } = found;
    expect(sent).toBeGreaterThan(0);
    expect(dropped + lost).toBeGreaterThan(0);
    expect(posted.sent).toBeGreaterThan(0);
    expect(posted.held + (posted.answers[503] ?? 0) + (posted.answers[202] ?? 0)).toBeGreaterThan(0);
    expect(posted.acknowledged.length).toBe(posted.answers[202]);
  });

  it("holds no more memory than is stated", () => {
    expect(found.peak).toBeGreaterThan(100);
    expect(found.peak).toBeLessThanOrEqual(MOST_MEMORY);
  });

  it("says so seldom, not for each that it sheds", () => {
    expect(found.log.length).toBeLessThan(100);
  });
});
