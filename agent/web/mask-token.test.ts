import { expect, it } from "vitest";
import { maskToken, unmaskToken } from "./mask-token.ts";

const TOKEN = `${"0f".repeat(32)}.${"a1".repeat(32)}`;

it("is another text each time, and the same token under it", () => {
  const [one, other] = [maskToken(TOKEN), maskToken(TOKEN)];
  expect(one).not.toBe(other);
  expect([one, other].map(unmaskToken)).toEqual([TOKEN, TOKEN]);
});

it("shows nothing of the token", () => {
  const masked = Buffer.from(maskToken(TOKEN), "base64url").toString("latin1");
  for (let at = 0; at + 8 <= TOKEN.length; at++) expect(masked).not.toContain(TOKEN.slice(at, at + 8));
});

it.each([undefined, null, 3, ["x"], "", "x", "abcd", TOKEN.slice(1), "A".repeat(5000)])(
  "takes %s for no token of ours",
  (masked) => expect(unmaskToken(masked)).not.toBe(TOKEN),
);
