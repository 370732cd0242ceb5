import { describe, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/web-declaration.ts";
import type { Indicator, IndicatorKind } from "./gather-indicators.ts";
import { mispEvent } from "./misp-event.ts";
import { type Sharing, stixBundle } from "./stix-bundle.ts";
import { Tlp } from "./tlp.ts";

const SHARING: Sharing = {
  facility: { id: "chv", name: "CH du Val" },
  incident: { id: "inc-1", reference: "2026-0007", first_alert: NIGHT, last_alert: NIGHT + 5_000_000 },
  tlp: "AMBER",
  exercise: false,
  cut: false,
};
const indicator = (kind: IndicatorKind, value: string): Indicator => ({
  kind,
  value,
  side: kind === "address" ? "source" : null,
  first: NIGHT + 123_456,
  last: NIGHT + 5_000_000,
  count: 3,
});
const EVERY = [
  indicator("address", "198.51.100.3"),
  indicator("address", "2001:db8::1"),
  indicator("domain", "example.com"),
  indicator("url", "https://example.com/research/index.html"),
  indicator("md5", "ab".repeat(16)),
  indicator("sha1", "ab".repeat(20)),
  indicator("sha256", "ab".repeat(32)),
  indicator("sha512", "ab".repeat(64)),
  indicator("account", "CHV\\a'morel"),
];
const HOSTILE = [
  "https://evil.example/a'b",
  "https://evil.example/a\\b",
  "https://evil.example/\\'] OR [file:name = 'x",
  "https://evil.example/'\\",
];

type Loose = Record<string, unknown> & { type: string; id: string };
const objectsOf = (indicators: readonly Indicator[], over: Partial<Sharing> = {}) =>
  stixBundle(indicators, { ...SHARING, ...over }).objects as Loose[];

// What the OASIS schemas of STIX 2.1 require of each type, beside `type`, `spec_version` and `id`.
const DATED = ["created", "modified"];
const REQUIRED: Record<string, string[]> = {
  identity: [...DATED, "name"],
  indicator: [...DATED, "pattern", "pattern_type", "valid_from"],
  "observed-data": [...DATED, "first_observed", "last_observed", "number_observed", "object_refs"],
  relationship: [...DATED, "relationship_type", "source_ref", "target_ref"],
  report: [...DATED, "name", "published", "object_refs"],
  "marking-definition": ["created"],
  "ipv4-addr": ["value"],
  "ipv6-addr": ["value"],
  "domain-name": ["value"],
  url: ["value"],
  file: ["hashes"],
  "user-account": ["account_login"],
};
const ID = /^[a-z0-9-]{2,}--[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** One comparison of one property with a string literal, as the grammar of patterns writes it. */
const PATTERN =
  /^\[(?:(?:ipv4-addr|ipv6-addr|domain-name|url):value|file:hashes\.(?:MD5|'SHA-1'|'SHA-256'|'SHA-512')) = '((?:[^'\\]|\\['\\])*)'\]$/;

describe("a STIX 2.1 bundle", () => {
  it("has objects that are whole: what each type requires, ids, times, and references that lead somewhere", () => {
    for (const tlp of Tlp.options) {
      const objects = objectsOf(EVERY, { tlp });
      const ids = new Set(objects.map(({ id }) => id));
      expect(ids.size).toBe(objects.length);
      for (const each of objects) {
        expect(each.id, each.id).toMatch(ID);
        expect(each.id.startsWith(`${each.type}--`)).toBe(true);
        expect(each.spec_version).toBe("2.1");
        const required = REQUIRED[each.type];
        expect(required, each.type).toBeDefined();
        expect(Object.keys(each)).toEqual(expect.arrayContaining(required ?? []));
        for (const name of [
          "created",
          "modified",
          "valid_from",
          "first_observed",
          "last_observed",
          "published",
        ])
          if (each[name] !== undefined) expect(each[name]).toMatch(TIMESTAMP);
        if (each.modified !== undefined) expect(String(each.modified) >= String(each.created)).toBe(true);
        const refs = Object.entries(each).flatMap(([name, value]) =>
          name.endsWith("_ref") ? [value] : name.endsWith("_refs") ? (value as string[]) : [],
        );
        for (const ref of refs) expect(ids, `${each.id} → ${ref}`).toContain(ref);
        if (each.type !== "marking-definition") expect(each.object_marking_refs).toHaveLength(1);
      }
    }
  });

  it.each([
    // As the uuid module of Python computes them from the RFC 8785 text.
    ["address", "127.0.0.1", "ipv4-addr--679c6c82-b4be-52e2-9c7a-198689f6f77b"],
    ["address", "198.51.100.3", "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"],
    ["domain", "example.com", "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"],
    ["url", "https://example.com/research/index.html", "url--47c3cf9a-5027-5bf0-997a-017c7edc7c55"],
  ] as const)("gives the observable of %s %s the identifier that everybody gives it", (kind, value, id) => {
    expect(objectsOf([indicator(kind, value)]).map((each) => each.id)).toContain(id);
  });

  it("is the same twice, and another for another incident", () => {
    expect(stixBundle(EVERY, SHARING)).toEqual(stixBundle(EVERY, SHARING));
    const other = { ...SHARING.incident, id: "inc-2" };
    const ids = (objects: Loose[]) => objects.filter(({ type }) => type === "indicator").map(({ id }) => id);
    expect(ids(objectsOf(EVERY, { incident: other }))).not.toEqual(ids(objectsOf(EVERY)));
  });

  it.each([
    ...EVERY.filter(({ kind }) => kind !== "account").map(({ kind, value }) => [kind, value] as const),
    ...HOSTILE.map((value) => ["url", value] as const),
  ])("writes a pattern that compares with %s %s and nothing else", (kind, value) => {
    const objects = objectsOf([indicator(kind, value)]);
    const pattern = String(objects.find(({ type }) => type === "indicator")?.pattern);
    const literal = PATTERN.exec(pattern)?.[1];
    expect(literal?.replace(/\\(['\\])/g, "$1")).toBe(value);
  });

  it("looks for no account, but tells that it was seen", () => {
    const types = objectsOf([indicator("account", "amorel")]).map(({ type }) => type);
    expect(types).toEqual(["marking-definition", "identity", "user-account", "observed-data", "report"]);
  });

  it.each([
    [true, "Liste coupée : l’incident a plus d’alertes ou de valeurs qu’il n’en est lu."],
    [false, undefined],
  ])("says whether its list is cut (%s), in both formats", (cut, said) => {
    const report = objectsOf(EVERY, { cut }).find(({ type }) => type === "report");
    expect(report?.description).toBe(said);
    expect(mispEvent(EVERY, { ...SHARING, cut }).Event.info.includes("Liste coupée")).toBe(cut);
  });

  it("is no report when there is nothing to share", () => {
    expect(objectsOf([]).map(({ type }) => type)).toEqual(["marking-definition", "identity"]);
  });

  it("says in every object of an exercise that we make, and has the same marking and identifiers", () => {
    const objects = objectsOf(EVERY, { exercise: true });
    const ours = objects.filter(({ created_by_ref }) => created_by_ref !== undefined);
    expect(ours.length).toBeGreaterThan(EVERY.length);
    for (const each of ours) expect(each.labels, each.id).toEqual(["exercise"]);
    for (const each of ours.filter(({ type }) => type === "indicator" || type === "report")) {
      expect([each.name, each.description]).toEqual([
        expect.stringMatching(/^EXERCICE : /),
        expect.stringMatching(/^EXERCICE : /),
      ]);
    }
    for (const { type, indicator_types } of ours)
      if (type === "indicator") expect(indicator_types).toEqual(["benign"]);
    const marks = (all: Loose[]) => all.map(({ id, object_marking_refs }) => [id, object_marking_refs]);
    expect(marks(objects)).toEqual(marks(objectsOf(EVERY)));
  });

  it.each([
    ["with nothing to share", [], false, /^EXERCICE : [^L]*$/],
    ["whose list is cut", EVERY, true, /^EXERCICE : .*\. Liste coupée/],
  ] as const)("has a report that says so of an exercise %s", (_, indicators, cut, said) => {
    const objects = objectsOf(indicators, { exercise: true, cut });
    const report = objects.find(({ type }) => type === "report");
    expect(report?.description).toMatch(said);
    expect(report?.object_refs).toEqual(objects.slice(1, -1).map(({ id }) => id));
  });

  it("of a real incident has no word of an exercise, in either format", () => {
    const both = JSON.stringify([stixBundle(EVERY, SHARING), mispEvent(EVERY, SHARING)]);
    expect(both).not.toMatch(/exerci[cs]e/i);
  });

  it("carries the marking as OASIS publishes it", () => {
    expect(objectsOf([], { tlp: "AMBER+STRICT" })[0]).toEqual({
      type: "marking-definition",
      spec_version: "2.1",
      id: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
      created: "2022-10-01T00:00:00.000Z",
      name: "TLP:AMBER+STRICT",
      extensions: {
        "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
          extension_type: "property-extension",
          tlp_2_0: "amber+strict",
        },
      },
    });
  });
});

describe("a MISP event", () => {
  it("has one attribute a value, of a type of its category, and is kept to whoever imports it", () => {
    const { Event: event } = mispEvent(EVERY, SHARING);
    expect(event.Attribute.map(({ type, category, to_ids }) => [type, category, to_ids])).toEqual([
      ["ip-src", "Network activity", true],
      ["ip-src", "Network activity", true],
      ["domain", "Network activity", true],
      ["url", "Network activity", true],
      ["md5", "Payload delivery", true],
      ["sha1", "Payload delivery", true],
      ["sha256", "Payload delivery", true],
      ["sha512", "Payload delivery", true],
      ["target-user", "Targeting data", false],
    ]);
    expect(event).toMatchObject({
      date: "2026-11-15",
      distribution: "0",
      published: false,
      Tag: [{ name: "tlp:amber" }],
    });
    const uuids = [event.uuid, event.Orgc.uuid, ...event.Attribute.map(({ uuid }) => uuid)];
    expect(new Set(uuids).size).toBe(uuids.length);
    expect(mispEvent(EVERY, SHARING)).toEqual(mispEvent(EVERY, SHARING));
  });

  it("asks no tool to look for what comes of an exercise", () => {
    const { Event: event } = mispEvent(EVERY, { ...SHARING, exercise: true });
    expect(event.Attribute.some(({ to_ids }) => to_ids)).toBe(false);
    expect(event.info).toMatch(/^EXERCICE/);
  });
});
