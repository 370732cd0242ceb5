import { globSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTEXT, recordsOf } from "../../../test/support/fixtures.ts";
import { fc } from "../../../test/support/property.ts";
import { INBOUND } from "../../registry.ts";
import { parseWhole } from "./parse.ts";
import { payloadsOf } from "./payloads.ts";
import { readPlain } from "./read-plain.ts";

const payloads = payloadsOf(INBOUND.filter(({ begins }) => begins !== undefined));
const FIXTURES = join(import.meta.dirname, "..");
const records = globSync(`${FIXTURES}/*/fixtures/*.in`).flatMap(recordsOf);

/** Whether it was read quickly, having seen that the whole reading gives the same. */
function quick(text: string): boolean {
  const plain = readPlain(text, CONTEXT, payloads);
  if (plain !== undefined) expect({ alert: plain }, text).toEqual(parseWhole(text, CONTEXT, payloads));
  return plain !== undefined;
}

describe("readPlain", () => {
  it.each([
    "<165>1 2003-10-11T22:14:15.003Z app-01 evntslog - ID47 - An application event log entry",
    "<38>1 2003-10-11T22:14:15+01:00 192.0.2.7 portail 1234 - - session of Zoë closed, after 1200 s",
    "<13>Oct 11 22:14:15 app-01 myapp[1234]: the queue holds 42 messages: nothing to be done",
    "<13>Oct  1 22:14:15 192.0.2.7 myapp: the queue is empty",
  ])("reads what is plain: %s", (text) => expect(quick(text)).toBe(true));

  it.each([
    "<38>1 2003-10-11T22:14:15Z web-03 sshd 12 - - Failed password for root from 192.0.2.7 port 22 ssh2",
    '<38>1 2003-10-11T22:14:15Z web-03 app 12 - [id@32473 a="b"] text',
    "<38>1 2003-10-11T22:14:15Z web-03 app 12 - - user=alice action=login",
    "<38>1 2003-10-11T22:14:15Z web-03 app 12 - - forwarded CEF:0|a|b|1|2|3|4|src",
    "<13>Oct 11 22:14:15 web-03 app[12]: %SYS-5-CONFIG_I: text",
    "<13>Oct 11 22:14:15 web-03 app[12]: text#012",
    "<13>Oct 11 22:14:15 app[12]: text",
  ])("leaves the others: %s", (text) => expect(quick(text)).toBe(false));

  it("reads a date again when the time of receipt puts it into another year", () => {
    const text = "<13>Oct 11 22:14:15 app-01 myapp: the queue is empty";
    for (const [month, day] of [
      [9, 12],
      [8, 1],
      [21, 12],
      [20, 1],
      [9, 12],
    ] as const) {
      const context = { ...CONTEXT, received: Date.UTC(2023, month, day) * 1000 };
      expect({ alert: readPlain(text, context, payloads) }).toEqual(parseWhole(text, context, payloads));
    }
  });

  it("reads whatever it takes as the whole reading does", () => {
    const of = (...list: string[]) => fc.constantFrom(...list);
    /** The plain form of a part, and now and then another. */
    const mostly = (plain: string, ...odd: string[]) =>
      fc.oneof({ weight: 6, arbitrary: of(...plain.split("|")) }, { weight: 1, arbitrary: of(...odd) });
    const priority = mostly("<13>|<165>|<0>|<191>", "<192>", "<7>", "< 7>", "<007>", "");
    const newTime = mostly(
      "1 2003-10-11T22:14:15.003Z|1 2003-10-11T22:14:15+02:00",
      "1 2003-10-11 22:14:15",
      "1 2003-10-11T22:14:60Z",
      "1 2003-10-11T24:00:00Z",
      "1 2003-02-30T22:14:15Z",
      "1 2003-10-11T22:14:15.1234567-0930",
      "1 2003-10-11T22:14:15+19:00",
      "1 2003-10-11t22:14:15z",
      "1 1803-10-11T22:14:15Z",
      "1 2400-10-11T22:14:15Z",
      "1 -",
      "2 2003-10-11T22:14:15Z",
      "Oct 11 22:14:15",
    );
    const oldTime = mostly(
      "Oct 11 22:14:15|Oct  1 22:14:15",
      "Oct 32 22:14:15",
      "oct 11 22:14:15",
      "Okt 11 22:14:15",
      "Oct 11 2003 22:14:15",
      "2003 Oct 11 22:14:15",
    );
    const host = mostly(
      "app-01|192.0.2.7|h1.example.org",
      "2001:db8::7",
      "-",
      "HOST",
      "ERROR",
      "last",
      "su:",
      "message",
    );
    const program = mostly(
      "myapp|x",
      "sshd",
      "CRON",
      "-",
      "app:",
      "%ASA",
      "su(pam_unix)",
      "nginx_access",
      "1a",
      "postfix/smtpd",
    );
    const process = mostly("1234|-", "0", "99999999999", "ab");
    const word = fc.oneof(
      of(
        "text",
        "Zoë",
        "message repeated 2 times: [ x]",
        "last message repeated 3 times",
        "pam_unix(sshd:auth): authentication failure",
        "type=AVC",
        "CEF:0|a|b|1|c|d|5|",
        "LEEF:1.0|",
        "Alert Level: 3",
        "k=v",
        'k:"v"',
        "%SYS-5-CONFIG:",
        "%%01IFNET/4/LINK_STATE(l)[1]:",
        "<13>Oct 11 22:14:15 b-2 c: d",
        "1 2003-10-11T22:14:15Z h a - - -",
        "Oct 11 22:14:15 app-01 foo: bar",
        "2003-10-11T22:14:15Z",
        "#012",
        "a: b",
        ":",
        "- ",
        "[x]",
        "{}",
        "\ufeff",
        "MSWinEventLog",
        "Original Address=192.0.2.1",
        "Message forwarded from h:",
        "authpriv.info",
      ),
      fc.string({ maxLength: 12 }),
    );
    const message = fc
      .tuple(mostly("The |text ", ""), fc.array(word, { maxLength: 3 }))
      .map(([first, words]) => first + words.join(" "));
    const gap = mostly(" ", "  ", "");
    const newer = fc
      .tuple(
        priority,
        newTime,
        gap,
        host,
        gap,
        program,
        gap,
        process,
        gap,
        mostly("ID47|-", "[x]"),
        mostly(" - ", " ", " -"),
        message,
      )
      .map((parts) => parts.join(""));
    const older = fc
      .tuple(
        priority,
        oldTime,
        gap,
        host,
        gap,
        program,
        mostly("[12]: |: ", ":", "[]: ", "[x]: ", " "),
        message,
      )
      .map((parts) => parts.join(""));
    let taken = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          newer,
          older,
          fc.tuple(fc.constantFrom(...records), message).map((pair) => pair.join(" ")),
        ),
        (text) => {
          if (quick(text)) taken++;
        },
      ),
      { numRuns: 20_000 },
    );
    expect(taken).toBeGreaterThan(200);
  });
});
