import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ALERT_LIMITS } from "../../../agent/core/alert.ts";
import { CONTEXT, inboundContract } from "../../../test/contract/inbound.contract.ts";
import type { Inbound } from "../../contract.ts";
import { INBOUND } from "../../registry.ts";
import { syslogOf } from "./index.ts";

// As it is registered: with the payload formats it hands messages to, before any mapping.
const syslog = INBOUND.find(({ name }) => name === "syslog") as Inbound;

inboundContract(syslog, join(import.meta.dirname, "fixtures"));

describe("what stands before a record", () => {
  it("leaves the count of octets (RFC 6587), and keeps what came", () => {
    const text = "53 <14>1 2025-10-16T11:15:25+02:00 srv-1 app 7 - - started";
    const { alert } = syslog.parse(text, CONTEXT);
    expect(syslog.recognise(text).certainty).toBeGreaterThan(0.9);
    expect(alert).toMatchObject({ host: { name: "srv-1" }, message: "started" });
    expect(alert?.event?.original).toBe(text);
    expect(syslog.recognise("53 <b> bold").certainty).toBe(0);
  });

  it("takes an address with a port after a date of its own for what the message begins with", () => {
    const { alert } = syslog.parse("2025-10-10 12:34:56 192.0.2.31:62586 peer info: IV_VER=2", CONTEXT);
    expect(alert?.message).toBe("192.0.2.31:62586 peer info: IV_VER=2");
    expect(alert?.host).toBeUndefined();
  });
});

describe("time", () => {
  const at = (text: string, context: Partial<typeof CONTEXT>) =>
    syslog.parse(text, { ...CONTEXT, ...context }).alert?.["@timestamp"];

  it.each([
    ["2024-01-02T00:00:00Z", "Dec 31 23:59:59", "2023-12-31T23:59:59.000Z"],
    ["2023-12-31T23:59:00Z", "Jan  1 00:00:01", "2024-01-01T00:00:01.000Z"],
    ["2024-07-01T00:00:00Z", "Jun 30 10:00:00", "2024-06-30T10:00:00.000Z"],
    ["2024-03-01T00:00:00Z", "Feb 29 10:00:00", "2024-02-29T10:00:00.000Z"],
    ["2025-03-01T00:00:00Z", "Feb 29 10:00:00", "2024-02-29T10:00:00.000Z"],
    ["2027-03-01T00:00:00Z", "Feb 29 10:00:00", "2024-02-29T10:00:00.000Z"],
    ["2024-06-15T00:00:00Z", "Jul  4 10:00:00", "2024-07-04T10:00:00.000Z"],
    ["2024-06-15T00:00:00Z", "Sep  1 10:00:00", "2023-09-01T10:00:00.000Z"],
  ])("received %s, takes the latest year that does not put %s months ahead", (received, date, expected) => {
    expect(at(`<13>${date} h su: x`, { received: Date.parse(received) * 1000 })).toBe(expected);
  });

  it("takes the year it is given", () => {
    expect(at("<13>Oct 11 22:14:15 h su: x", { year: 2003 })).toBe("2003-10-11T22:14:15.000Z");
  });

  it.each([
    ["2024 Jan 10 12:00:00", "2024-01-10T11:00:00.000Z", "winter"],
    ["2024 Jul 10 12:00:00", "2024-07-10T10:00:00.000Z", "summer"],
    ["2024 Mar 31 02:30:00", "2024-03-31T01:30:00.000Z", "skipped: moves forward"],
    ["2024 Mar 31 01:59:59", "2024-03-31T00:59:59.000Z", "before the spring change"],
    ["2024 Mar 31 03:00:00", "2024-03-31T01:00:00.000Z", "after the spring change"],
    ["2024 Oct 27 02:30:00", "2024-10-27T00:30:00.000Z", "repeated: the first"],
    ["2024 Oct 27 03:00:00", "2024-10-27T02:00:00.000Z", "after the autumn change"],
    ["2024 Jan 10 12:00:00 UTC", "2024-01-10T12:00:00.000Z", "its own zone stands"],
  ])("reads %s in Paris as %s (%s)", (date, expected) => {
    expect(at(`<13>${date} h su: x`, { zone: "Europe/Paris" })).toBe(expected);
  });

  it.each([
    ["Oct 11 2023 22:14:15", "2023-10-11T22:14:15.000Z"],
    ["Oct 11 22:14:15 2023", "2023-10-11T22:14:15.000Z"],
    ["Oct 11 22:14:15.123", "2023-10-11T22:14:15.123Z"],
    ["Oct 11 22:14:15,123456", "2023-10-11T22:14:15.123456Z"],
    ["Oct 11 22:14:15 CEST", "2023-10-11T20:14:15.000Z"],
    ["2023-10-11T22:14:15+0200", "2023-10-11T20:14:15.000Z"],
    ["2023-10-11 22:14:15.5", "2023-10-11T22:14:15.500Z"],
    ["2023/10/11 22:14:15", "2023-10-11T22:14:15.000Z"],
    ["Wed Oct 11 22:14:15 2023", "2023-10-11T22:14:15.000Z"],
    ["1697062455", "2023-10-11T22:14:15.000Z"],
  ])("reads the date %s before a host and a tag", (date, expected) => {
    const { alert } = syslog.parse(`<13>${date} myhost su[1]: x`, CONTEXT);
    expect(alert).toMatchObject({
      "@timestamp": expected,
      message: "x",
      host: { name: "myhost" },
      process: { name: "su", pid: 1 },
    });
  });

  it.each(["Oct 32 22:14:15", "Oct 11 25:14:15", "Feb 30 10:00:00", "Oct 11 22:61:15"])(
    "keeps a text whose date %s no calendar has, without a time",
    (date) => {
      const { alert } = syslog.parse(`<13>${date} h su: x`, CONTEXT);
      expect(alert?.tags).toEqual(["tocsin_no_event_time"]);
      expect(alert?.message).toContain(date);
    },
  );
});

describe("tags", () => {
  it.each([
    ["/usr/sbin/cron[12]: x", "/usr/sbin/cron", "12", "x"],
    ["systemd-logind[1]: x", "systemd-logind", "1", "x"],
    ["com.apple.xpc.launchd[1]: x", "com.apple.xpc.launchd", "1", "x"],
    ["app[web.1]: x", "app", "web.1", "x"],
    ["sshd[12] x", "sshd", "12", "x"],
    ["kernel: [ 12.3] x", "kernel", undefined, "[ 12.3] x"],
    ["su:x", "su", undefined, "x"],
    ["last message repeated 3 times", undefined, undefined, "last message repeated 3 times"],
    ["http://example.org: x", undefined, undefined, "http://example.org: x"],
    ["12:30:00 starts", undefined, undefined, "12:30:00 starts"],
    ["key=value: x", undefined, undefined, "key=value: x"],
  ])("reads %s", (rest, appname, procid, message) => {
    const { alert } = syslog.parse(`<13>Oct 11 22:14:15 h ${rest}`, CONTEXT);
    expect([alert?.log?.syslog?.appname, alert?.log?.syslog?.procid, alert?.message]).toEqual([
      appname,
      procid,
      message,
    ]);
  });
});

describe("priorities", () => {
  it.each([
    ["<0>", 0, undefined],
    ["<191>", 191, undefined],
    ["<013>", 13, undefined],
    ["< 13 >", 13, undefined],
    ["<192>", undefined, "192"],
    ["<0013>", undefined, "0013"],
    ["", undefined, undefined],
  ])("reads %j", (priority, value, odd) => {
    const { alert } = syslog.parse(`${priority}Oct 11 22:14:15 h su: x`, CONTEXT);
    expect([alert?.log?.syslog?.priority, alert?.fields?.pri]).toEqual([value, odd]);
    expect(alert?.message).toBe("x");
  });
});

it("reads JSON where the application should be named as the message", () => {
  const { alert } = syslog.parse(
    '<5>1 2023-10-11T22:14:15Z vault {"user name": "a b c", "hostname": "h"}',
    CONTEXT,
  );
  expect(alert?.event?.module).toBe("generic");
  expect(alert?.log?.syslog).toMatchObject({ hostname: "vault" });
  expect(alert?.fields).toMatchObject({ "user name": "a b c" });
});

describe("a header within a header", () => {
  it.each([
    "<13>Oct 11 22:14:16 relay <34>Oct 11 22:14:15 host su: x",
    "<13>Oct 11 22:14:16 relay <34>1 2023-10-11T22:14:15Z host su - - - x",
    "<13>1 2023-10-11T22:14:16Z relay fwd - - - <34>Oct 11 22:14:15 host su: x",
    "<34>Oct 11 22:14:16 relay 1 2023-10-11T22:14:15Z host su - - - x",
    "<12>Oct 11 22:14:17 far <13>Oct 11 22:14:16 relay <34>Oct 11 22:14:15 host su: x",
  ])("gives way to the inner one: %s", (text) => {
    const { alert } = syslog.parse(text, CONTEXT);
    expect(alert?.["@timestamp"]).toBe("2023-10-11T22:14:15.000Z");
    expect(alert?.log?.syslog).toMatchObject({ priority: 34, hostname: "host", appname: "su" });
    expect(alert?.host?.name).toBe("host");
    expect(alert?.message).toBe("x");
    expect(alert?.fields?.["syslog.relay"]).toBe(text.includes("far") ? "far" : "relay");
  });

  it.each(["<34> is a number", "<34>not a header", "1 apple", "2023-10-11 22:14:15 ERROR main: x"])(
    "is not seen in the message %j",
    (message) => {
      const { alert } = syslog.parse(`<13>Oct 11 22:14:16 h ${message}`, CONTEXT);
      expect(alert?.message).toBe(message);
      expect(alert?.host?.name).toBe("h");
    },
  );
});

describe("a message in a format of its own", () => {
  it.each([
    ["<13>Oct 11 22:14:15 h CEF:0|v|p|1|c|n|5|src=192.0.2.1", "cef"],
    ["<13>Oct 11 22:14:15 h a text first CEF:0|v|p|1|c|n|5|src=192.0.2.1", "cef"],
    ["<13>1 2023-10-11T22:14:15Z h app - - - LEEF:1.0|v|p|1|c|src=192.0.2.1", "leef"],
    ['<13>Oct 11 22:14:15 h app[7]: {"msg":"x"}', "generic"],
    ['<13>host app: {"msg":"x"}', "generic"],
    ['<13>Oct 11 22:14:15 h app: @cee: {"msg":"x"}', "generic"],
    ['<13>date=2023-10-11 time=22:14:15 devname="fg" logid="1"', "keyvalue"],
    ["<13>Oct 11 22:14:15 h app: a=1 b=2 c=3", "keyvalue"],
    ["<13>Oct 11 22:14:15 h app: the value of a=1 is not that of b=2 nor of c=3, says nobody", "syslog"],
    ["<13>Oct 11 22:14:15 h app: CEF: is a format", "syslog"],
    ["<13>Oct 11 22:14:15 h app: {broken", "syslog"],
  ])("is read as such: %s", (text, module) => {
    const { alert } = syslog.parse(text, CONTEXT);
    expect(alert?.event?.module).toBe(module);
    expect(alert?.event?.original).toBe(text);
  });

  it("is asked about by its first characters only", () => {
    const asked: string[] = [];
    const format: Inbound = {
      name: "probe",
      summary: "records what it is asked",
      example: (text) => text,
      ways: ["text"],
      begins: ["PROBE:"],
      parse: () => ({ error: { code: "empty", message: "nothing" } }),
      recognise: (text) => {
        asked.push(text);
        return { certainty: 1, because: "asked" };
      },
    };
    const probed = syslogOf([format]);
    for (const message of ["x", "PROBLEM", "PROBE: 1", " PROBE: 2", "a=b c=d e=f"])
      probed.parse(`<13>Oct 11 22:14:15 h app: ${message}`, CONTEXT);
    expect(asked).toEqual(["PROBE: 1", "PROBE: 2"]);
  });
});

it("marks a text with neither priority nor date nor tag as unrecognised", () => {
  const tags = (text: string) => syslog.parse(text, CONTEXT).alert?.tags ?? [];
  expect(tags("nothing that anyone knows")).toContain("tocsin_unrecognised");
  for (const text of ["<13>nothing", "Oct 11 22:14:15 h nothing", "su: nothing", "%SYS-5-CONFIG_I: x"])
    expect(tags(text)).not.toContain("tocsin_unrecognised");
});

describe("a Cisco mnemonic without priority", () => {
  it.each([
    "%SYS-5-CONFIG_I: x",
    "025017: Oct 14 10:45:43.767 UTC: %SEC-6-IPACCESSLOGP: x",
    "025018: *Oct 14 10:45:43.767: %LINK-3-UPDOWN: x",
    "sw-etage3: Oct 14 2023 08:04:45.866 CET: %LINEPROTO-5-UPDOWN: x",
    "00:00:46: %LINK-3-UPDOWN: x",
    "1w2d: %SYS-5-RESTART: x",
  ])("is recognised: %j", (text) => {
    expect(syslog.recognise(text).certainty).toBeGreaterThan(0.6);
    expect(syslog.parse(text, CONTEXT).alert?.log?.syslog?.appname).toMatch(/^%[A-Z]+-\d-[A-Z_]+$/);
  });

  it.each(["a note: Oct 14: 50%-5-X: y", "12: %x-5-Y: z", "025017: text of any kind"])(
    "is not seen where there is none: %j",
    (text) => expect(syslog.recognise(text).certainty).toBeLessThan(0.6),
  );
});

describe("tracing", () => {
  const steps = (text: string) => {
    const told: string[] = [];
    const traced = syslog.parse(text, {
      ...CONTEXT,
      trace: ({ name, rule, because }) => told.push([name, rule, because].filter(Boolean).join(" / ")),
    });
    expect(traced).toEqual(syslog.parse(text, CONTEXT));
    return told;
  };

  it("tells of the header and of the program", () => {
    expect(steps("<34>1 2023-10-11T22:14:15Z h su - - - x")).toEqual([
      "syslog / rfc5424 header",
      "syslog / program su",
    ]);
  });

  it("tells of each key, of the format and why, and of the header", () => {
    expect(steps("<13>Oct 11 22:14:15 h CEF:0|v|p|1|c|n|5|src=192.0.2.1 act=x")).toEqual([
      "cef / header",
      "cef / key src",
      "cef / key act",
      "cef / payload / it begins with CEF:",
      "syslog / rfc3164 header",
    ]);
  });
});

it("reads hostile records of five million characters in time", () => {
  for (const piece of [
    "<34>",
    "<13>Oct 11 22:14:15 h ",
    '[a b="',
    "1 ",
    "%",
    "a[",
    '\\"',
    "a=",
    "EF:",
    "Oct ",
    ": ",
    "--",
  ]) {
    for (const head of ["", "<13>1 2023-10-11T22:14:15Z h a 1 - ", "<13>Oct 11 22:14:15 h "]) {
      const { alert } = syslog.parse(head + piece.repeat(5_000_000 / piece.length), CONTEXT);
      expect(alert?.tags).toContain("tocsin_cut");
    }
  }
}, 30_000);

it("joins the values of a name that repeats in an element up to the bound of one value", () => {
  const data = `[x@1 ${'k="0123456789" '.repeat(50_000)}a="b"]`;
  const { alert } = syslog.parse(`<13>1 2023-10-11T22:14:15Z h a 1 - ${data} text`, CONTEXT);
  const joined = Array.from({ length: 2000 }, () => "0123456789").join(",");
  expect(alert?.log?.syslog?.structured_data).toEqual({
    "x@1": { k: joined.slice(0, ALERT_LIMITS.value), a: "b" },
  });
});

it("names the sender when the record names no host", () => {
  const { alert } = syslog.parse("<13>su: x", { ...CONTEXT, peer: "192.0.2.9" });
  expect(alert?.host).toEqual({ name: "192.0.2.9", ip: ["192.0.2.9"] });
});

it("drops the line feed and the NUL that end a datagram", () => {
  expect(syslog.parse("<13>Oct 11 22:14:15 h su: x\n\0", CONTEXT).alert?.message).toBe("x");
});

it.each([
  ["<34>Oct 11 22:14:15 h su: x", 0.9],
  ["<34>1 - - - - - -", 0.9],
  ["Oct 11 22:14:15 h su: x", 0.6],
  ["2023-10-11T22:14:15Z h su: x", 0.6],
  ["<html>", 0],
  ["Use the BFG!", 0],
])("is as sure of %j as its beginning allows", (text, least) => {
  const { certainty } = syslog.recognise(text);
  if (least === 0) expect(certainty).toBe(0);
  else expect(certainty).toBeGreaterThan(least);
});

it("leaves every message text when it knows no payload format", () => {
  expect(syslogOf([]).parse("<13>Oct 11 22:14:15 h a: {}", CONTEXT).alert?.message).toBe("{}");
});

describe("Nagios and its family", () => {
  it.each([
    [
      "<14>Aug  2 02:16:02 mon nagios: HOST ALERT: pacs-img01;DOWN;HARD;5;CRITICAL - 10.20.4.10: lost 100%",
      "pacs-img01",
      undefined,
    ],
    [
      "<14>Aug  2 02:16:02 mon centengine: SERVICE ALERT: ris-01;HTTP;CRITICAL;HARD;3;Connection refused",
      "ris-01",
      { name: "HTTP", state: "CRITICAL" },
    ],
    [
      "<14>Aug  2 02:16:02 mon icinga2: SERVICE NOTIFICATION: astreinte;dpi-01;LDAP;CRITICAL;notify-by-sms;timed out",
      "dpi-01",
      { name: "LDAP", state: "CRITICAL" },
    ],
  ])("are about the host they watch, not about themselves: %s", (line, host, service) => {
    const { alert } = syslog.parse(line, { received: Date.UTC(2026, 7, 2) * 1000, zone: "UTC" });
    expect(alert?.host).toEqual({ name: host });
    expect(alert?.observer?.hostname).toBe("mon");
    expect(alert?.service).toEqual(service);
    expect(alert?.log?.syslog?.hostname).toBe("mon");
  });

  it("say other things that stay theirs", () => {
    const { alert } = syslog.parse("<14>Aug  2 02:16:02 mon nagios: Auto-save of retention data completed", {
      received: Date.UTC(2026, 7, 2) * 1000,
      zone: "UTC",
    });
    expect(alert?.host?.name).toBe("mon");
  });
});
