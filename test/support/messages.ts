import type { Message } from "../../connectors/contract.ts";
import { MASKS } from "./masks.ts";

/** 15 November 2026, 02:00 in Paris, µs. */
export const AT = Date.UTC(2026, 10, 15, 1, 0) * 1000;

/** A message as the stages write it, with what differs. */
export function aMessage(
  over: { key?: string; subject?: string; text?: string; event?: Message["event"] } = {},
): Message {
  const { key = "notify:ch-x:canal:incident-1:incident_opened", event = "incident_opened" } = over;
  const { subject = "EXERCICE : incident 2026-0001 ouvert", text = "CH X. À déclarer maintenant." } = over;
  return {
    key,
    facility: "ch-x",
    incident: "incident-1",
    event,
    exercise: true,
    subject: MASKS.text(subject, { incident: "incident-1" }),
    text: MASKS.text(text, { incident: "incident-1" }),
    link: "https://tocsin.example/ch-x/incidents/incident-1",
    occurred: AT,
  };
}

/** What an attacker would plant in a text that ends in a message. */
export const HOSTILE = [
  "a\r\nBcc: victim@evil.example\r\n\r\nbody",
  "\u202Egnp.exe\u0000\u001b[31m",
  "<script>alert(1)</script><img src=https://evil.example/x onerror=alert(1)>",
  '"}],"to":"+33999999999","x":[{"y":"',
  "{{secret}} {{to}} $secret %0d%0aX: y",
  "<!channel> <@U123> @all [x](javascript:alert(1)) ![](https://evil.example/p.png)",
  "&to=+33999999999&text=x",
  "]]></text><to>+33999999999</to>",
  "é€😀".repeat(5000),
  "\ud800 lone",
] as const;
