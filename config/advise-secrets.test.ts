import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { adviseSecrets } from "./advise-secrets.ts";
import { Secret } from "./secrets.ts";

const advised = (path: string, value: string) =>
  adviseSecrets({ secrets: new Map([[path, new Secret(value)]]) });

it.each([
  ["a single character", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
  ["a few of them over and over", "abababababababababababababababababab"],
  ["a short word", "motdepasse123456"],
])("tells of a token that is %s, without telling it", (_, value) => {
  const [found, ...others] = advised("sources.2.token", value);
  expect(found).toMatchObject({ code: "secret_weak", path: ["sources", "2", "token"] });
  expect(others).toEqual([]);
  expect(JSON.stringify(found)).not.toContain(value);
});

it.each([
  ["base64 of 24 bytes, as init makes it", "sources.0.token", randomBytes(24).toString("base64url")],
  ["base64 of 32 bytes, as openssl makes it", "tools.0.secret", randomBytes(32).toString("base64")],
  ["what another chose", "notify.0.settings.password", "12345678"],
  ["what an index chose", "sources.0.poll.password", "12345678"],
])("says nothing of %s", (_, path, value) => {
  expect(advised(path, value)).toEqual([]);
});
