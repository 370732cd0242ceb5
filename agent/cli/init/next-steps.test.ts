import { expect, it } from "vitest";
import { INSTALLATION } from "../../../config/installation.ts";
import { type Made, nextSteps } from "./next-steps.ts";

const made = (config: string): Made => ({
  ...{ facility: "chv", mode: "exercise", config, secrets: "/srv/secrets", tls: "/srv/tls", login: "anne" },
  ...{ password: "secret", otpauth: "otpauth://totp/x", fingerprint: "0123456789abcdef" },
  listening: { address: "127.0.0.1", name: "127.0.0.1" } as Made["listening"],
});

it("names the configuration in what to type next, unless it stands where it is looked for", () => {
  expect(nextSteps(made(INSTALLATION.config))).toContain(`Démarrer : ${INSTALLATION.start}\n`);
  const elsewhere = nextSteps(made("/srv/tocsin.yml"));
  expect(elsewhere).toContain(`Vérifier : ${INSTALLATION.call} check --config /srv/tocsin.yml\n`);
  expect(elsewhere).toContain(`Démarrer : ${INSTALLATION.call} run --config /srv/tocsin.yml\n`);
});
