import { describe, expect, it } from "vitest";
import { fc } from "../../../test/support/property.ts";
import { openSession } from "./session.ts";

const OPEN_DATA = "relp_version=0\nrelp_software=librelp,1.11.0,http://librelp.adiscon.com\ncommands=syslog";
const OPENED = "200 OK\nrelp_version=0\nrelp_software=tocsin\ncommands=syslog";
const frame = (txnr: number, command: string, data = "") =>
  `${txnr} ${command} ${Buffer.byteLength(data)}${data === "" ? "" : ` ${data}`}\n`;
const OPEN = frame(1, "open", OPEN_DATA);

/** A session and all that it said; lines that begin with `wait` are not decided at once. */
function session(limit = 1000) {
  const said: string[] = [];
  let bytes = 0;
  const here = openSession(
    { limit, software: "tocsin" },
    {
      line({ number, data, cut, length }) {
        const text = Buffer.from(data).toString();
        bytes = Math.max(bytes, data.length);
        said.push(`${number} ${cut ? `${text}… ${length}` : text}`);
        return !text.startsWith("wait");
      },
      fault: ({ code, sample }) => void said.push(`${code}: ${Buffer.from(sample).toString("latin1")}`),
    },
  );
  return {
    ...here,
    said,
    longest: () => bytes,
    /** What is answered after these bytes. */
    reply(text: string | Uint8Array) {
      here.push(Buffer.from(text as string));
      return here.answers();
    },
  };
}

describe("a RELP session", () => {
  it("opens with the client's version, acknowledges and closes", () => {
    const { reply, said, over } = session();
    expect(reply(OPEN)).toBe(frame(1, "rsp", OPENED));
    expect(reply(frame(2, "syslog", "<13>a") + frame(3, "syslog", "<13>b\nc"))).toBe(
      "2 rsp 6 200 OK\n3 rsp 6 200 OK\n",
    );
    expect(over()).toBeUndefined();
    expect(reply(`${frame(4, "close")}5 syslog 1 x\n`)).toBe("4 rsp 6 200 OK\n0 serverclose 0\n");
    expect(over()).toBe("closed");
    expect(said).toEqual(["2 <13>a", "3 <13>b\nc"]);
  });

  it.each([
    ["the version of the specification", "relp_version=1\ncommands=syslog", 1],
    ["a later version, to which ours is the answer", "relp_version=7\ncommands=syslog", 1],
    [
      "offers that begin with a newline, as the ABNF has them",
      "\nrelp_version=0\ncommands=eventlog,syslog",
      0,
    ],
    ["unknown offers", "future\nrelp_version=0\nfuture=1,2\ncommands=syslog\n", 0],
  ])("accepts %s", (_, offers, version) => {
    expect(session().reply(frame(1, "open", offers))).toContain(
      `200 OK\nrelp_version=${version}\nrelp_software=tocsin\ncommands=syslog\n`,
    );
  });

  it.each([
    ["no offers", ""],
    ["no version", "commands=syslog"],
    ["a version without a value", "relp_version\ncommands=syslog"],
    ["a version that is no number", "relp_version=one\ncommands=syslog"],
    ["no command that is spoken here", "relp_version=0\ncommands=eventlog"],
    ["no commands", "relp_version=0"],
  ])("refuses %s, and closes", (_, offers) => {
    const { reply, over, said } = session();
    expect(reply(frame(1, "open", offers))).toMatch(/^1 rsp \d+ 500 [^\n]{1,76}\n0 serverclose 0\n$/);
    expect(over()).toBe("fault");
    expect(said[0]).toMatch(/^relp_bad_offers: 1 open/);
  });

  it("answers an unknown command with an error and a second open without effect", () => {
    const { reply } = session();
    reply(OPEN);
    expect(reply(frame(2, "starttls") + frame(3, "open", OPEN_DATA) + frame(4, "syslog", "a"))).toBe(
      `${frame(2, "rsp", "500 unknown command")}${frame(3, "rsp", "200 connection already open - ignored")}4 rsp 6 200 OK\n`,
    );
  });

  it("does not answer hints", () => {
    const { reply, over } = session();
    reply(OPEN);
    expect(reply("0 hello 5 world\n2 syslog 1 a\n")).toBe("2 rsp 6 200 OK\n");
    expect(over()).toBeUndefined();
  });

  it("acknowledges in order, and nothing before what is undecided", () => {
    const { reply, decided, answers, unanswered, frames } = session();
    reply(OPEN);
    const lines = ["wait 1", "a", "wait 2", "b", "wait 3"];
    expect(reply(lines.map((line, i) => frame(i + 2, "syslog", line)).join("") + frame(7, "what"))).toBe("");
    expect([unanswered(), frames()]).toEqual([6, 7]);
    decided(2);
    expect(answers()).toBe("2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 6 200 OK\n5 rsp 6 200 OK\n");
    decided(1);
    expect(answers()).toBe(`6 rsp 6 200 OK\n${frame(7, "rsp", "500 unknown command")}`);
    expect(unanswered()).toBe(0);
  });

  it.each([
    [
      "the client closes",
      (here: ReturnType<typeof session>) => here.reply("3 close 0\n"),
      "3 rsp 6 200 OK\n",
    ],
    ["the server stops", (here: ReturnType<typeof session>) => here.stop(), ""],
    ["the client breaks the protocol", (here: ReturnType<typeof session>) => here.reply("nonsense"), ""],
  ])("says goodbye when %s, after what was undecided", (_, ends, answer) => {
    const here = session();
    here.reply(OPEN + frame(2, "syslog", "wait"));
    ends(here);
    expect([here.answers(), here.over()]).toEqual(["", undefined]);
    here.decided(1);
    expect(here.answers()).toBe(`2 rsp 6 200 OK\n${answer}0 serverclose 0\n`);
    expect(here.over()).toBeDefined();
    expect(here.reply(frame(4, "syslog", "late"))).toBe("");
    expect(here.said).not.toContain("4 late");
  });

  it.each([
    ["a frame that begins with no number", "x", "relp_bad_frame: x"],
    ["a transaction of ten digits", "1234567890 syslog 1 a\n", "relp_bad_frame: 1234567890"],
    ["no command", "2  1 a\n", "relp_bad_frame: 2  "],
    ["a command of other than letters", "2 sys-log 1 a\n", "relp_bad_frame: 2 sys-"],
    ["a command of 33 letters", `2 ${"a".repeat(33)} 0\n`, `relp_bad_frame: 2 ${"a".repeat(33)}`],
    ["no length", "2 syslog \n", "relp_bad_frame: 2 syslog \n"],
    ["a length of ten digits", "2 syslog 1234567890 a", "relp_bad_frame: 2 syslog 1234567890"],
    ["a negative length", "2 syslog -1 a\n", "relp_bad_frame: 2 syslog -"],
    ["data after a length of 0", "2 syslog 0 \n", "relp_bad_frame: 2 syslog 0 "],
    ["a newline where data was to be", "2 syslog 3\n", "relp_bad_frame: 2 syslog 3\n"],
    ["more data than counted", "2 syslog 1 ab\n", "relp_bad_frame: 2 syslog 1 "],
    ["a transaction left out", "3 syslog 1 a\n", "relp_bad_transaction: 3 syslog 1"],
    ["a transaction repeated", "1 syslog 1 a\n", "relp_bad_transaction: 1 syslog 1"],
  ])("ends the session at %s", (_, bytes, fault) => {
    const { reply, said, over } = session();
    reply(OPEN);
    expect(reply(bytes)).toBe("0 serverclose 0\n");
    expect([said, over()]).toEqual([[fault], "fault"]);
  });

  it.each(["1 syslog 1 a\n", "1 close 0\n", "1 starttls 0\n", "0 hint 0\n"])(
    "has %j before open refused",
    (first) => {
      const { reply, said } = session();
      expect(reply(first + frame(2, "open", OPEN_DATA))).toBe("0 serverclose 0\n");
      expect(said).toEqual([expect.stringMatching(/^relp_not_open/)]);
    },
  );

  it("keeps the beginning of a message over the limit, drops its rest and goes on", () => {
    const { reply, said } = session(100);
    reply(OPEN);
    expect(reply(frame(2, "syslog", "x".repeat(5000)) + frame(3, "syslog", "b"))).toBe(
      "2 rsp 6 200 OK\n3 rsp 6 200 OK\n",
    );
    expect(said).toEqual([`2 ${"x".repeat(100)}… 5000`, "3 b"]);
  });
});

describe("the bytes of a session", () => {
  const word = fc.stringMatching(/^[a-z ]{0,12}$/);
  const command = fc.constantFrom("syslog", "syslog", "syslog", "what", "open", "close");
  const stream = fc
    .array(fc.tuple(command, word, fc.boolean()), { maxLength: 12 })
    .map((list) => OPEN + list.map(([name, data, hint], i) => frame(hint ? 0 : i + 2, name, data)).join(""));

  function run(bytes: Buffer, cuts: readonly number[]) {
    const here = session(8);
    let answers = "";
    const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
    for (const [i, place] of [0, ...places].entries()) {
      here.push(bytes.subarray(place, places[i] ?? bytes.length));
      answers += here.answers();
    }
    return { said: here.said, answers, over: here.over(), frames: here.frames(), longest: here.longest() };
  }

  it("mean the same however they are cut", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 30 }), (text, cuts) => {
        expect(run(Buffer.from(text), cuts)).toEqual(run(Buffer.from(text), []));
      }),
    );
  });

  it("never throw, whatever they are, and no message is longer than the limit", () => {
    const junk = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    const nearly = fc
      .tuple(stream, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }))
      .map(([text, edits]) => {
        const bytes = Buffer.from(text);
        for (const [place, value] of edits) bytes[place % bytes.length] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(junk, nearly), fc.array(fc.nat(), { maxLength: 30 }), (bytes, cuts) => {
        const whole = run(bytes, []);
        expect(run(bytes, cuts)).toEqual(whole);
        expect(whole.longest).toBeLessThanOrEqual(8);
      }),
    );
  });

  it("that only promise much take little memory", () => {
    const sessions = Array.from({ length: 2000 }, () => session(64 * 1024));
    const before = process.memoryUsage();
    for (const each of sessions) each.reply(`${OPEN}2 syslog 65536 x`);
    const { arrayBuffers } = process.memoryUsage();
    expect((arrayBuffers - before.arrayBuffers) / sessions.length).toBeLessThan(8 * 1024);
  });
});
