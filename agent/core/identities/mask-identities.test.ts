import { describe, expect, it } from "vitest";
import { TIMED } from "../../../test/support/effort.ts";
import { IPP, MASKS } from "../../../test/support/masks.ts";
import { fc } from "../../../test/support/property.ts";
import type { Tally } from "../masked.ts";
import { isNir, keyOf } from "./find-nirs.ts";
import { type CompiledPattern, compilePattern } from "./identifier-pattern.ts";
import { maskIdentities } from "./mask-identities.ts";

const mask = (text: string, incident: string | null = "i") => MASKS.text(text, { incident }) as string;
/** Marks without the letters that tell one identity from another. */
const kinds = (text: string) => mask(text).replaceAll(/ [a-z]{5}\]/g, "]");
const keyed = (number: string) => number + String(keyOf(number)).padStart(2, "0");
const NIR = keyed("1850578006084");

describe("the key", () => {
  it.each([
    // 97 - (number mod 97), as worked out by hand in INSEE's own notice for 2 55 08 14 168 025 38.
    ["2550814168025", "38", true],
    ["2550814168025", "39", false],
    ["1850578006084", "91", true],
    ["1850578006084", "19", false],
    // Corsica: 2A counts as 19, 2B as 18.
    ["185052A006084", String(keyOf("1850519006084")).padStart(2, "0"), true],
    ["185052B006084", String(keyOf("1850518006084")).padStart(2, "0"), true],
    ["185052C006084", "01", false],
    // Overseas, born abroad, being registered, month not known.
    ["1850597106084", keyed("1850597106084").slice(13), true],
    ["2850599350084", keyed("2850599350084").slice(13), true],
    ["7850578006084", keyed("7850578006084").slice(13), true],
    ["8850578006084", keyed("8850578006084").slice(13), true],
    ["1852078006084", keyed("1852078006084").slice(13), true],
    ["1856078006084", keyed("1856078006084").slice(13), true],
    // No such sex, month, département, order.
    ["9850578006084", keyed("9850578006084").slice(13), false],
    ["1851378006084", keyed("1851378006084").slice(13), false],
    ["1850500006084", keyed("1850500006084").slice(13), false],
    ["1850578006000", keyed("1850578006000").slice(13), false],
  ])("%s with %s is one: %s", (number, key, expected) => {
    expect(isNir(number, key)).toBe(expected);
  });
});

describe("what is masked", () => {
  it.each<[string, string]>([
    [`nir ${NIR} lu`, "nir [NIR masqué] lu"],
    ["1 85 05 78 006 084 91", "[NIR masqué]"],
    ["1\u00a085\u202f05\u200978 006 084\u00a091", "[NIR masqué]"],
    ["1.85.05.78.006.084.91", "[NIR masqué]"],
    ["1-85-05-78-006-084-91", "[NIR masqué]"],
    ["1/85/05/78/006/084 91", "[NIR masqué]"],
    ["1850578006084-91", "[NIR masqué]"],
    ["1850578006084 (91)", "[NIR masqué]"],
    ["1850578006084 clé 91", "[NIR masqué]"],
    ["185 057 800 608 491", "[NIR masqué]"],
    ["1 8 5 0 5 7 8 0 0 6 0 8 4 9 1", "[NIR masqué]"],
    [`1 85 05 2a 006 084 ${keyed("185052A006084").slice(13)}`, "[NIR masqué]"],
    [`1 85 05 971 06 084 ${keyed("1850597106084").slice(13)}`, "[NIR masqué]"],
    ["１８５０５７８００６０８４９１", "[NIR masqué]"],
    ["١٨٥٠٥٧٨٠٠٦٠٨٤٩١", "[NIR masqué]"],
    ["1\u200b8\u200d5\u20600\ufeff57800608491", "[NIR masqué]"],
    ["%31%38%35057800608491", "[NIR masqué]"],
    ["nir=1%2085%2005%C2%A078%20006%20084%2091&a=b", "nir=[NIR masqué]&a=b"],
    ["1&nbsp;85&#160;05&#xA0;78&nbsp;006&nbsp;084&nbsp;91", "[NIR masqué]"],
    [String.raw`"1\u00a085\u00a005\u00a078\u00a0006\u00a0084\u00a091"`, '"[NIR masqué]"'],
    [String.raw`{\"nir\":\"\\u0031850578006084\u0039\x31\"}`, String.raw`{\"nir\":\"[NIR masqué]\"}`],
    [`NIR${NIR}`, "NIR[NIR masqué]"],
    [`patient_${NIR}.pdf`, "patient_[NIR masqué].pdf"],
    // By its label, though the key is wrong or missing.
    ["NIR : 185057800608400", "NIR : [NIR masqué]"],
    ['"nir":"1850578006084"', '"nir":"[NIR masqué]"'],
    ["n° sécu 1 85 05 78 006 084", "n° sécu [NIR masqué]"],
    ["INS-C 0123456789012345678901", "INS-C [NIR masqué]"],
    [
      '<id extension="185057800608400" root="1.2.250.1.213.1.4.8"/>',
      '<id extension="[NIR masqué]" root="1.2.250.1.213.1.4.8"/>',
    ],
    [
      '<id root="1.2.250.1.213.1.4.10" extension="185057800608400"/>',
      '<id root="1.2.250.1.213.1.4.10" extension="[NIR masqué]"/>',
    ],
    [
      '{"system":"urn:oid:1.2.250.1.213.1.4.8","value":"185057800608400"}',
      '{"system":"urn:oid:1.2.250.1.213.1.4.8","value":"[NIR masqué]"}',
    ],
    [
      "MSH|^~\\&|GAM\rPID|1||8001234567^^^CHV^PI~185057800608491^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS||DUPONT^JEAN^^^M||19850512|M|||12 RUE DES LILAS^^VILLE^^78000||0601020304|\rPV1|1|I|URG",
      "MSH|^~\\&|GAM\rPID|1||[IPP masqué]^^^CHV^PI~[NIR masqué]^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS||[nom masqué]||[date de naissance masquée]|M|||[adresse masquée]||[téléphone masqué]|\rPV1|1|I|URG",
    ],
    [
      "PID|1||123456^^^CHV^PI||DUPONT^JEAN#015PV1|1",
      "PID|1||[identifiant masqué]^^^CHV^PI||[nom masqué]#015PV1|1",
    ],
    [
      "(0010,0010) PN [DUPONT^JEAN] (0010,0030) DA [19850512]",
      "(0010,0010) PN [[nom masqué]] (0010,0030) DA [[date de naissance masquée]]",
    ],
    ["IPP 8001234567 inconnu du PACS", "IPP [IPP masqué] inconnu du PACS"],
    ["patient DUPONT Jean sorti", "patient [nom masqué] sorti"],
    ["PatientName=DUPONT^JEAN;host=pacs-01", "PatientName=[nom masqué];host=pacs-01"],
    [
      "nom du patient : Élodie de La Tour, service Urgences",
      "nom du patient : [nom masqué], service Urgences",
    ],
    [
      `Mme Marie DURAND-LEROY, NIR ${NIR}, née le 12 mai 1985`,
      "Mme [nom masqué], NIR [NIR masqué], née le [date de naissance masquée]",
    ],
    [`DUPONT Jean ${NIR} 12/05/1985`, "[nom masqué] [NIR masqué] [date de naissance masquée]"],
    [
      `"nom":"DURAND","prenom":"Élodie","nir":"${NIR}","name":"SRV-PACS"`,
      '"nom":"[nom masqué]","prenom":"[nom masqué]","nir":"[NIR masqué]","name":"SRV-PACS"',
    ],
    [
      "8001234567 tel 06 01 02 03 04 / +33 6 01 02 03 04, jean.dupont@mail.example",
      "[IPP masqué] tel [téléphone masqué] / [téléphone masqué], [courriel masqué]",
    ],
    // A mark is no hiding place.
    ["PID|1||||[nom masqué bcdfg]DUPONT^JEAN|", "PID|1||||[nom masqué]|"],
  ])("%j", (text, expected) => {
    expect(kinds(text)).toBe(expected.replaceAll(/ [a-z]{5}\]/g, "]"));
  });
});

describe("what stays", () => {
  const beside = `${NIR} `;
  it.each([
    "192.0.2.17:51487 > 198.51.100.20.443",
    "192.68.85.123.51487: Flags [S]",
    "2001:db8::17/64 fe80::1%eth0",
    "2026-11-15T02:14:07.123456Z 15/11/2026 02:14:07 1763172847 1763172847123 20261115021407",
    "01.02.2026 04:15 port 65535 pid=12345 exit 0x80070005",
    "sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301 S-1-5-21-3623811015-3361044348-30300820-1013",
    "INC0012345 CHG-2026-004512 RITM0098765 CVE-2026-12345 SN FCW2140L0GH",
    "0.185057800608491 s, 185057800608491.5, 10.185057800608491",
    "abc185057800608491def 0x185057800608491 9185057800608491",
    "(0008,0018) UI [1.2.840.113619.2.55.3.604688119] 1.3.6.1.4.1.9.9.41",
    "Dossier Patient Informatisé DPI indisponible, Patient Portal Login failed",
    "user admin@ch.example from pacs-01, M. Morel, 01 40 00 00 00, né en 1985",
    "nom=SRV-PACS name=SRV-DPI user.name=jdupont",
    "x 185057800608400 y",
  ])("%j, alone", (text) => {
    expect(mask(text)).toBe(text);
  });

  it.runIf(TIMED).each([
    "192.0.2.17:51487 > 198.51.100.20.443",
    "2026-11-15T02:14:07.123456Z 15/11/2026 02:14:07 1763172847 01.02.2026 04:15",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301 INC0012345 sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "error 404 on PACS Server host=pacs-01 name=SRV-PACS",
    // The year and month of that NIR, in addresses and versions.
    "12.05.85.20:443 > 10.12.05.85 v3.12.05.85 7-12-05-85",
  ])("%j, beside an identity", (text) => {
    expect(mask(`${beside}- ${text}`)).toBe(mask(`${beside}- `) + text);
  });

  it("keeps telephones and addresses of mail that the configuration names, in every spelling", () => {
    const masks = maskIdentities({
      secret: "s",
      patterns: [],
      keep: ["01 40 00 00 00", "Astreinte@Editeur.example"],
    });
    const text = `${NIR} : appeler le +33 1 40 00 00 00 (astreinte@editeur.example), patient 06 01 02 03 04`;
    expect(masks.text(text, { incident: "i" })).toMatch(
      /^\[NIR masqué \w{5}\] : appeler le \+33 1 40 00 00 00 \(astreinte@editeur\.example\), patient \[téléphone masqué \w{5}\]$/,
    );
  });
});

describe("marks", () => {
  it("are the same for every spelling of an identity in an incident, and others elsewhere", () => {
    const one = mask("nir 185057800608491");
    expect(mask("nir 1 85 05 78 006 084 91")).toBe(one);
    expect(mask("nir 185057800608491", "another")).not.toBe(one);
    expect(mask("nom du patient: DUPONT Jean").slice(-6)).toBe(
      mask("patient Jean Dupont né le 12/05/1985, patient=Jean DUPONT").slice(-6),
    );
    expect(mask(`nir ${keyed("2850578006084")}`)).not.toBe(one);
  });

  it("do not tell the identity to who has no secret", () => {
    const other = maskIdentities({ secret: "another", patterns: [IPP] });
    expect(other.text(NIR, { incident: "i" })).not.toBe(mask(NIR));
  });

  it("are counted by kind, and the values are nowhere", () => {
    const tally: Tally = new Map();
    const told: string[] = [];
    const masks = maskIdentities({ secret: "s", patterns: [IPP], told: (kind) => told.push(kind) });
    masks.every({ a: [NIR, { b: "IPP 8001234567" }], c: 3, d: null, e: NIR }, { incident: "i", tally });
    expect(Object.fromEntries(tally)).toEqual({ NIR: 2, IPP: 1 });
    expect(told.toSorted()).toEqual(["IPP", "NIR", "NIR"]);
  });

  it("stand in members of any name, and a member named as a prototype is one like the others", () => {
    const hostile = JSON.parse(`{"__proto__":{"admin":"${NIR}"},"constructor":"x"}`);
    const masked = MASKS.every(hostile, { incident: "i" });
    expect(Object.keys(masked)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(masked)).toBe(Object.prototype);
    expect(JSON.stringify(masked)).toMatch(/^\{"__proto__":\{"admin":"\[NIR masqué \w{5}\]"\},/);
  });

  it("cuts no identity in two at the limit", () => {
    const text = `${"x".repeat(95)} ${NIR} et la suite`;
    const cut = MASKS.text(text, { incident: "i", limit: 100 });
    expect(cut).toBe(`${"x".repeat(95)} ${mask(NIR)}`);
  });
});

const digits = (count: number) =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: count, maxLength: count })
    .map((each) => each.join(""));
const two = (least: number, most: number) =>
  fc.integer({ min: least, max: most }).map((each) => String(each).padStart(2, "0"));
const groups = fc
  .tuple(
    fc.constantFrom("1", "2", "3", "4", "7", "8"),
    two(0, 99),
    fc.oneof(two(1, 12), two(20, 42), two(50, 99)),
    fc.oneof(two(1, 95), fc.constantFrom("2A", "2B", "99")),
    digits(3),
    fc.integer({ min: 1, max: 999 }).map((each) => String(each).padStart(3, "0")),
  )
  .map((parts) => [...parts, String(keyOf(parts.join(""))).padStart(2, "0")]);
const FULL_WIDTH = (text: string) =>
  text.replaceAll(/[0-9]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0));
const spelling = fc.constantFrom<(parts: string[]) => string>(
  (parts) => parts.join(""),
  ...[" ", "\u00a0", "\u202f", ".", "-", "/", "_", "  ", "%20", "&nbsp;", "\\u00a0"].map(
    (gap) => (parts: string[]) => parts.join(gap),
  ),
  (parts) => `${parts.slice(0, 6).join("")} ${parts[6]}`,
  (parts) => FULL_WIDTH(parts.join(" ")),
  (parts) => [...parts.join("")].join("\u200b"),
  (parts) => parts.join("").toLowerCase(),
);
/** Of what logs are made; nothing in it is a patient's. */
const around = fc
  .array(
    fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.uuid(),
      fc.constantFrom(
        "host=pacs-01",
        "ERROR",
        "état",
        "«",
        "vlan 12;",
        '{"a":1}',
        "C:\\temp\\x",
        "100%",
        "&amp;",
        "\u{1f525}",
        "sshd[912]:",
        "<b>",
        "#015",
      ),
      fc.integer({ min: 0, max: 65535 }).map((port) => `port ${port},`),
      fc
        .date({ min: new Date(0), max: new Date("2090-01-01"), noInvalidDate: true })
        .map((date) => date.toISOString()),
    ),
    { maxLength: 8 },
  )
  .map((words) => words.join(" "));

describe("any NIR in any text", () => {
  it("is masked in any spelling, and nothing else changes", () => {
    fc.assert(
      fc.property(around, groups, spelling, around, (before, parts, spelt, after) => {
        const text = `${before} | ${spelt(parts)} | ${after}`;
        const mark = mask(parts.join(""));
        expect(mark).toMatch(/^\[NIR masqué [a-z]{5}\]$/);
        expect(mask(text)).toBe(`${before} | ${mark} | ${after}`);
      }),
      { numRuns: 1000 },
    );
  });

  it("masks once what is masked twice, and never fails, on any text", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.string({
            unit: fc.constantFrom(
              "1",
              "8",
              "0",
              " ",
              "2",
              "A",
              ".",
              "patient ",
              "DUPONT Jean",
              "NIR ",
              "PID|",
              "|",
              "@",
              "é",
              "\\u",
              "%",
              "[",
              "]",
            ),
          }),
        ),
        (text) => {
          const once = mask(text);
          expect(mask(once)).toBe(once);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("time", () => {
  it.each<[string, string]>([
    ["digits apart", "1 "],
    ["digits", "1"],
    ["numbers with a wrong key", "1 85 05 78 006 084 90 "],
    ["numbers", `${NIR} `],
    ["labels", "NIR 1850578006084"],
    ["names", "patient DUPONT Jean, "],
    ["names beside", `${NIR} M. DUPONT Jean `],
    ["at signs", `${NIR}a@`],
    ["segments", "PID|1^~"],
    ["backslashes", "\\"],
    ["percent signs", "%31"],
    ["what nobody sees", "1\u200b"],
    ["letters and digits", "a1"],
    ["prefixes of an identifier", "800123456 "],
  ])("grows with the text and no faster: %s", (_, unit) => {
    const once = unit.repeat(Math.ceil(65_536 / unit.length));
    const cost = (text: string) => {
      const runs = [0, 1, 2].map(() => {
        const begun = process.cpuUsage().user;
        mask(text);
        return process.cpuUsage().user - begun;
      });
      return Math.min(...runs);
    };
    cost(once);
    // A square would cost sixteen times as much; the bound leaves room for a busy machine.
    expect(cost(once.repeat(4))).toBeLessThan(10 * Math.max(cost(once), 20_000));
  });
});

describe("a facility's patterns", () => {
  it.each([
    ["80\\d{8}", [], "8001234567"],
    ["[A-Z]{2}-\\d{6}", [], "ab-123456"],
    ["IEP\\d{9}", [], "IEP260012345"],
    ["\\d{5,9}", ["séjour", "IEP"], "séjour n° 123456"],
    ["H\\d{7}[A-Z]?", [], "H1234567B"],
  ])("%s after %j masks %s", (pattern, after, text) => {
    const compiled = compilePattern({ name: "Essai", pattern, after });
    expect(compiled).not.toHaveProperty("refused");
    const masks = maskIdentities({ secret: "s", patterns: [compiled as CompiledPattern] });
    expect(masks.text(`le ${text}.`, { incident: "i" })).toMatch(/^le .*\[Essai masqué \w{5}\]\.$/);
  });

  it.each([
    ["\\d{8}", [], "20261115"],
    ["\\d{10}", [], "1763172847"],
    ["[0-9a-f]{8}", [], "20261115"],
    ["[A-Z0-9]{6,20}", [], "20261115"],
    ["\\d{2}:\\d{2}:\\d{2}", [], "02:14:07"],
    ["CVE-\\d{4}-\\d{5}", [], "CVE-2026-12345"],
    ["\\d{5}", [], "5 characters"],
    ["\\d{3}", ["IPP"], "3 characters"],
    ["A\\d{50}", [], "longer than 40"],
    ["A\\d{9,3}", [], "backwards"],
    ["(a+)+", [], "is not read here"],
    ["80\\d+", [], "is not read here"],
    ["80.*", [], "is not read here"],
    ["IPP|IEP", [], "is not read here"],
    ["\\w{8}", [], "is not read here"],
    ["[^0-9]{8}", [], "is not read here"],
    ["A{99}", [], "longer than 40"],
    ["\\", [], "is not read here"],
  ])("refuses %s after %j, and says why: %s", (pattern, after, why) => {
    expect(compilePattern({ name: "Essai", pattern, after })).toHaveProperty(
      "refused",
      expect.stringContaining(why),
    );
  });
});
