import { SaxesParser } from "saxes";
import { expect, it } from "vitest";
import { recordsOf } from "../../../test/support/fixtures.ts";
import { fc } from "../../../test/support/property.ts";
import { scanXml, type XmlStep } from "./scan-xml.ts";

const FIXTURES = recordsOf("connectors/inbound/windows/fixtures/xml.in").filter((text) =>
  text.startsWith("<Event "),
);

/** The steps of a whole XML parser; undefined when it finds a fault. */
function peerSteps(text: string): XmlStep[] | undefined {
  const steps: XmlStep[] = [];
  let faults = 0;
  const parser = new SaxesParser({ position: false, fragment: true });
  const add = (kind: XmlStep["kind"], piece: string, attributes: string[]) =>
    steps.push({ kind, text: piece, attributes });
  parser.on("opentag", ({ name, attributes }) => add("open", name, Object.entries(attributes).flat()));
  parser.on("text", (piece) => add("text", piece, []));
  parser.on("cdata", (piece) => add("text", piece, []));
  parser.on("closetag", () => add("close", "", []));
  parser.on("error", () => faults++);
  parser.write(text).close();
  return faults > 0 ? undefined : steps;
}

/** Pieces of one text are one, however they were told. */
function joined(steps: readonly XmlStep[]): XmlStep[] {
  const out: XmlStep[] = [];
  for (const step of steps) {
    const last = out.at(-1);
    if (step.kind === "text" && last?.kind === "text") last.text += step.text;
    else if (step.kind !== "text" || step.text !== "") out.push({ ...step });
  }
  return out;
}

/** Pieces that XML is made of, whole and broken. */
const PIECES = [
  ..."<>/\"'= &;!-[]?:.#x1aé€\r\n\t\ufeff\u0085\u0001\ud83d\ude00".split(""),
  "<Data Name='a'>",
  '<Data Name="b" >',
  "</Data>",
  "</Data >",
  "<Empty/>",
  "<Empty a='Name' b = \"2\" />",
  "<a:b xmlns:a='x'>",
  "</a:b>",
  "&amp;",
  "&lt;",
  "&gt;",
  "&quot;",
  "&apos;",
  "&nbsp;",
  "&#13;",
  "&#x41;",
  "&#x1F600;",
  "&#0;",
  "<!-- a -->",
  "<!-- a -- b -->",
  "<!--->",
  "<![CDATA[ <x>&amp; ]]>",
  "<![CDATA[]]>",
  "]]>",
  "]]&gt;",
  "<?pi x?>",
  "<!DOCTYPE a>",
  "text",
  "\r\n",
  "__proto__",
];

const piece = fc.constantFrom(...PIECES);
/** An event of the fixtures with pieces put in the place of some of its characters. */
const mutated = fc
  .tuple(
    fc.constantFrom(...FIXTURES),
    fc.array(fc.tuple(fc.nat(2000), fc.nat(6), piece), { minLength: 1, maxLength: 4 }),
  )
  .map(([text, cuts]) =>
    cuts.reduce((whole, [at, length, put]) => {
      const from = at % whole.length;
      return whole.slice(0, from) + put + whole.slice(from + length);
    }, text),
  );
const random = fc.array(piece, { maxLength: 12 }).map((pieces) => `<Event>${pieces.join("")}</Event>`);

it("reads every well-formed event of the fixtures by itself, as a whole XML parser does", () => {
  const read = FIXTURES.map((text) => scanXml(text));
  expect(read.filter((steps) => steps !== undefined).length).toBeGreaterThan(20);
  for (const [n, steps] of read.entries()) {
    if (steps !== undefined) expect(joined(steps)).toEqual(joined(peerSteps(FIXTURES[n] as string) ?? []));
  }
});

it.each([
  ["entities", "<a>&lt;&#65;&#x42;&amp;lt;&quot;&apos;&gt;</a>", "<AB&lt;\"'>"],
  ["ends of lines", "<a>1\r\n2\r3\n</a>", "1\n2\n3\n"],
  ["CDATA", "<a>x<![CDATA[<&amp;\r\n]]>y</a>", "x<&amp;\ny"],
  ["a comment", "<a>x<!-- <b> -->y</a>", "xy"],
])("reads %s", (_, text, expected) => {
  expect(joined(scanXml(text) ?? [])[1]?.text).toBe(expected);
});

it.each([
  ["a document type", "<!DOCTYPE a><a/>"],
  ["an instruction", "<a><?x?></a>"],
  ["an element left open", "<a><b></b>"],
  ["another name at the end", "<a></b>"],
  ["an attribute twice", "<a x='1' x='2'/>"],
  ["an unknown entity", "<a>&nbsp;</a>"],
  ["a character that XML forbids", "<a>\u0001</a>"],
  ["such a character by number", "<a>&#1;</a>"],
  ["the end of CDATA in text", "<a>]]></a>"],
  ["two hyphens in a comment", "<a><!-- -- --></a>"],
  ["text before the element", "x<a/>"],
])("leaves %s to the whole XML parser", (_, text) => {
  expect(scanXml(text)).toBeUndefined();
});

it.each([
  ["mutated events", mutated],
  ["random pieces", random],
])("gives the steps of a whole XML parser or none for %s", (_, texts) => {
  fc.assert(
    fc.property(texts, (text) => {
      const steps = scanXml(text);
      if (steps !== undefined) expect(joined(steps)).toEqual(joined(peerSteps(text) ?? [{} as XmlStep]));
    }),
    { numRuns: 3000 },
  );
});
