import { afterEach, expect, it } from "vitest";
import { gatewayServer } from "../../../test/support/gateway-server.ts";
import { AT, aMessage } from "../../../test/support/messages.ts";
import { voice } from "./index.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

it("says what a voice can say: no address, and what to do", async () => {
  const { url, asked, close } = await gatewayServer();
  closing.push(close);
  const config = voice.config.parse({ url, body: "to={{to}}&say={{text}}", body_escape: "form" });
  const sent = await voice
    .open(config, () => "")
    .send(aMessage(), {
      now: AT,
      signal: AbortSignal.timeout(5000),
      to: { name: "Paul Durand", email: "", phone: "+33612345678" },
    });
  expect(sent.outcome).toBe("delivered");
  const said = new URLSearchParams(asked[0]?.body);
  expect(said.get("to")).toBe("+33612345678");
  expect(said.get("say")).toBe(
    "EXERCICE : incident 2026-0001 ouvert. CH X. À déclarer maintenant. Ouvrez Tocsin pour répondre.",
  );
});
