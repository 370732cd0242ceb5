import { describe, expect, it } from "vitest";
import { compileRules, matchAlert } from "../../rules/engine/rule-set.ts";
import { countedAs, heedCanary } from "./heed-canary.ts";
import {
  CANARY_ADDRESS,
  CANARY_RULE,
  CANARY_SOURCE,
  canaryRule,
  flightIn,
  landingOf,
  markOf,
} from "./mark.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const flight = { way: 3, sequence: 42 };
const mark = markOf(TOKEN, flight);

describe("the mark of a canary", () => {
  it.each([
    ["is read from any text around it", `<110>1 - a b - - - ${mark}"}`, flight],
    ["is nobody's with another token", markOf(TOKEN.replace("0", "f"), flight), undefined],
    ["needs its way and its sequence", `tocsin-canary-${TOKEN}-3`, undefined],
    ["has numbers of some length only", `tocsin-canary-${TOKEN}-3-${"9".repeat(40)}`, undefined],
  ])("%s", (_, text, found) => {
    expect(flightIn(text, TOKEN)).toEqual(found);
  });

  it("matches its rule, whatever the log source says", () => {
    const set = compileRules([canaryRule(TOKEN)]);
    const ids = (original: string) =>
      matchAlert(set, { event: { original, module: "cef" } }).map(({ rule }) => rule.id);
    expect(ids(`CEF:0|a|b|1|c|d|0|msg=${mark}`)).toEqual([CANARY_RULE]);
    expect(ids("CEF:0|a|b|1|c|d|0|msg=tocsin-canary-")).toEqual([]);
  });

  it("is not in what is written of it", () => {
    expect(landingOf(TOKEN, flight)).not.toContain(TOKEN);
  });
});

describe("who sent a record", () => {
  const source = { id: "fw", connector: "cef" };
  it.each([
    ["the canary's address", CANARY_ADDRESS, CANARY_SOURCE],
    ["the same as an IPv6 listener tells it", `::ffff:${CANARY_ADDRESS}`, CANARY_SOURCE],
    ["another of the loopback", "127.0.0.1", "fw"],
    ["nobody known", undefined, "fw"],
  ])("from %s is counted so", (_, peer, id) => {
    expect(countedAs(source, peer).id).toBe(id);
  });

  const heed = heedCanary(TOKEN);
  it.each<[string, string | undefined, string | Uint8Array, string]>([
    ["who says its mark at once", "::1", Buffer.from(`60 <110>1 - ${mark}`), CANARY_SOURCE],
    ["who names itself so", "::1", mark, CANARY_SOURCE],
    ["any other program of this machine", "::1", "<110>1 - an alert", "fw"],
    ["who says a mark of another start", "::1", markOf(TOKEN.replace("0", "f"), flight), "fw"],
    ["who says it from elsewhere", "2001:db8::5", mark, "fw"],
    ["the canary's own address, whatever it says", CANARY_ADDRESS, "", CANARY_SOURCE],
  ])("over IPv6 is told by what is said first: %s", (_, peer, opening, id) => {
    expect(heed.countedAs(source, peer, opening).id).toBe(id);
  });

  it("reads as the source does, also once its settings have changed in place", () => {
    const mutable = { ...source };
    const canary = countedAs(mutable, CANARY_ADDRESS);
    Object.assign(mutable, { connector: "leef" });
    expect(canary.connector).toBe("leef");
    expect(countedAs(mutable, CANARY_ADDRESS)).toBe(canary);
  });
});
