import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { frenchIn } from "../../../test/support/french-left.ts";
import { anIncident } from "../../../test/support/incident.ts";
import { type House, openHouse } from "../../../test/support/web-roles.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Proof } from "../../core/decision.ts";
import type { Actor } from "../../stages/person-act.ts";
import type { WayOut } from "../../stages/work.ts";
import type { Write } from "../../store/store.ts";

const PROOF: Proof = { channel: "web", second_factor: "totp" };
/** What people wrote, which no page translates. */
const WRITTEN = "Written at three in the morning.";
const person = (login: string, role: Actor["role"]): Actor => ({
  ...{ id: `acc-${login}`, name: `Dr ${login}`, role, active: true },
});
const [REMI, CLAIRE, DORA, OMAR] = [
  person("remi", "rssi"),
  person("claire", "delegate"),
  person("dora", "director"),
  person("omar", "operator"),
];
const PAGES = [
  ..."|faits|declaration|declaration/historique|declaration/comparer|declaration/1/imprimer".split("|"),
  ..."decision|decision-orale|depot|suivi|obligations|obligations/rgpd-33|recherche|demandes".split("|"),
];
const LISTS = ["incidents", "incidents?etat=closed", "registre", "registre/violations", "registre/rapport"];

const WAYS: WayOut[] = [
  { id: "portail", reach: "assisted" },
  { id: "ars-telephone", reach: "assisted", fallback: true, guide: { to: "ARS", phone: "01", steps: [] } },
  { id: "cert", reach: "assisted", kind: "help", guide: { to: "CERT Santé", phone: "01", steps: [] } },
];

let house: House;
beforeAll(async () => {
  house = await openHouse({ ways: WAYS });
  for (const each of [house.people.director, house.people.delegate, house.people.rssi, house.people.auditor])
    each.cookies.set("tocsin-language", "en");
});
afterAll(() => house.scene.close());

async function ended(incident: string): Promise<void> {
  const source = { who: "self", name: "" } as const;
  for (const { id, until } of (await house.desk.dossier(incident))?.facts ?? [])
    if (until === null) await done(house.desk.endFact({ incident, fact: id, source }, REMI));
}

/** What an act gives, which must have been done. */
async function done<T extends { outcome: string }>(act: Promise<T>): Promise<T> {
  const result = await act;
  expect(["refused", "stale"], JSON.stringify(result)).not.toContain(result.outcome);
  return result;
}

async function opened(kind: "degraded_mode" | "care_interrupted" = "care_interrupted"): Promise<string> {
  const form = house.desk.newForm();
  const source = { who: "self", name: "" } as const;
  const statement = { form, kinds: [kind], systems: [], source, text: WRITTEN };
  await done(house.desk.openByHand(statement, REMI));
  await done(house.desk.takeUp(form, REMI));
  return form;
}
async function textOf(incident: string) {
  const { declarations } = (await house.desk.dossier(incident)) ?? {};
  const { id: declaration = "", version = 0, sha256 = "" } = declarations?.at(-1) ?? {};
  return { incident, declaration, version, sha256 };
}
async function approved(): Promise<string> {
  const incident = await opened();
  await done(house.desk.approve(await textOf(incident), PROOF, CLAIRE));
  return incident;
}
async function filed(): Promise<string> {
  const incident = await approved();
  const channel = "portail";
  await done(house.desk.recordFiling({ incident, channel, reference: "S-2026-1", confirmed: true }, CLAIRE));
  return incident;
}
async function setAside(): Promise<string> {
  const incident = await opened("degraded_mode");
  const { outcome } = await done(house.desk.setAside(await textOf(incident), WRITTEN, PROOF, CLAIRE));
  if (outcome === "second_awaited")
    await done(house.desk.confirmSetAside(await textOf(incident), PROOF, DORA));
  return incident;
}
async function saidOnTelephone(): Promise<string> {
  const incident = await opened();
  await done(house.desk.prepareOral({ incident, delegate: CLAIRE.id }, OMAR));
  const text = await textOf(incident);
  const typed = text.sha256.slice(0, 6);
  const record = { text, typed, number: "01 23 45 67 89", delegate: CLAIRE.id };
  await done(house.desk.recordOral(record, PROOF, OMAR));
  return incident;
}
async function decidedByVoice(): Promise<string> {
  const incident = await saidOnTelephone();
  const text = await textOf(incident);
  await done(house.desk.hearOral({ text, typed: text.sha256.slice(0, 6) }, PROOF, REMI));
  return incident;
}
async function settled(confirmed: boolean): Promise<string> {
  const incident = await decidedByVoice();
  const decision = (await house.desk.dossier(incident))?.decisions.at(-1)?.id ?? "";
  await done(house.desk.settleOral({ incident, decision, confirmed, comment: WRITTEN }, PROOF, CLAIRE));
  return incident;
}
async function withDuty(): Promise<string> {
  const incident = await opened();
  await done(house.desk.answer({ incident, question: "personal_data", answer: "yes" }, REMI));
  return incident;
}
async function dutyOf(incident: string) {
  const { version = 0, sha256 = "" } = (await house.desk.dossier(incident))?.duties.at(-1) ?? {};
  return { incident, regime: "rgpd-33", version, sha256 };
}
async function dutyApproved(): Promise<string> {
  const incident = await withDuty();
  const deadline = (await house.desk.dossier(incident))?.deadlines.find(({ regime }) => regime === "rgpd-33");
  const clock = { incident, deadline: deadline?.id ?? "", from: "awareness" } as const;
  await done(house.desk.settleClock({ ...clock, reason: WRITTEN, source: "DPO" }, DORA));
  await done(house.desk.approveDuty(await dutyOf(incident), PROOF, DORA));
  return incident;
}
async function followed(): Promise<string> {
  const incident = await filed();
  const { followUp } = house.desk;
  const draft = {
    ...({ incident, party: "cert_sante", name: "", way: "mail", subject: WRITTEN, text: WRITTEN } as const),
    ...({ direction: "received", due: house.scene.clock.now() + MICROSECONDS.day } as const),
  };
  for (const kind of ["acknowledgement", "information_request", "analysis"] as const)
    await done(followUp.recordExchange({ ...draft, form: house.desk.newForm(), kind }, REMI));
  return incident;
}

/** An incident that the records of one source state, and nobody else. */
async function stated(source: string): Promise<string> {
  const { store, clock } = house.scene;
  const incident = anIncident({
    id: "inc-stated",
    facility: "chv",
    reference: "2026-0900",
    state: "candidate",
  });
  const fact = {
    ...({ id: "fact-stated", incident: incident.id, kind: "system_unavailable", holds: true } as const),
    ...({ system: "pacs", since: clock.now(), until: null, confidence: "suspected" } as const),
    origin: { by: "rule", rule: "r-1", version: "abcdef012345", title: "Beacon" } as const,
    ...{
      subjects: [],
      sources: [source],
      ended_by: [],
      evidence: [],
      alerts: 1,
      stated: clock.now(),
      withdrawn: null,
    },
  };
  const record = { write: "record", revision: 1, incident: incident.id } as const;
  const writes: Write[] = [
    { ...record, kind: "incident", id: incident.id, state: incident.state, content: incident },
    { ...record, kind: "fact", id: fact.id, state: null, content: fact },
  ];
  const { outcome } = await store.commit({ facility: "chv", at: clock.now(), writes });
  expect(outcome).toBe("committed");
  return incident.id;
}

const STATES: Record<string, () => Promise<string>> = {
  "opened by hand": () => opened(),
  "approved, and not filed": approved,
  filed,
  "said on the telephone, a second listener awaited": saidOnTelephone,
  "decided by voice, and not confirmed": decidedByVoice,
  "decided by voice, and confirmed": () => settled(true),
  "decided by voice, and contested": () => settled(false),
  "sent back": async () => {
    const incident = await opened();
    await done(house.desk.sendBack(await textOf(incident), WRITTEN, CLAIRE));
    return incident;
  },
  "handed over": async () => {
    const incident = await opened();
    await done(house.desk.handOver({ incident, to: DORA.id, comment: WRITTEN }, CLAIRE));
    return incident;
  },
  "set aside, a second person awaited": async () => {
    const incident = await opened();
    const { outcome } = await done(house.desk.setAside(await textOf(incident), WRITTEN, PROOF, CLAIRE));
    expect(outcome).toBe("second_awaited");
    return incident;
  },
  "set aside": setAside,
  "set aside, and closed": async () => {
    const incident = await setAside();
    await ended(incident);
    await done(house.desk.closeByHand({ incident, reason: WRITTEN }, CLAIRE));
    return incident;
  },
  "closed, and reopened": async () => {
    const incident = await setAside();
    await ended(incident);
    await done(house.desk.closeByHand({ incident, reason: WRITTEN }, CLAIRE));
    await done(house.desk.reopen({ incident, reason: WRITTEN }, REMI));
    return incident;
  },
  "merged, and taken apart": async () => {
    const [incident, other] = [await opened(), await opened("degraded_mode")];
    await done(house.desk.merge({ incident, other, reason: WRITTEN }, REMI));
    await done(house.desk.undoRegrouping({ incident, reason: WRITTEN }, REMI));
    return incident;
  },
  "to be withdrawn": async () => {
    const incident = await filed();
    const settling = { incident, kind: "withdrawal", reason: WRITTEN } as const;
    await done(house.desk.followUp.settlePurpose(settling, CLAIRE));
    return incident;
  },
  "under the secret of national defence": async () => {
    const incident = await opened();
    await done(house.desk.flagSecret({ incident, holds: true, reason: WRITTEN }, REMI));
    return incident;
  },
  "with the text of another duty": withDuty,
  "with that text approved, and not notified": dutyApproved,
  "with that text notified, and the next begun": async () => {
    const incident = await dutyApproved();
    const at = house.scene.clock.now();
    const told = { where: "CNIL", reference: "N-1", at, by: "Dr dora", late: "" };
    await done(house.desk.notifyDuty({ ...told, ...(await dutyOf(incident)) }, undefined, DORA));
    await done(house.desk.nextDuty({ incident, regime: "rgpd-33" }, DORA));
    return incident;
  },
  "with that text decided not to be notified": async () => {
    const incident = await withDuty();
    await done(house.desk.leaveUnnotified({ text: await dutyOf(incident), reason: WRITTEN }, PROOF, DORA));
    return incident;
  },
  "followed up with an authority": followed,
  "while its source is silenced": async () => {
    const incident = await stated("lines");
    const covers = { source: "lines" };
    const until = house.scene.clock.now() + MICROSECONDS.hour;
    const draft = { form: house.desk.newForm(), covers, until, reason: WRITTEN };
    await done(house.desk.silence(draft, REMI));
    expect((await house.desk.dossier(incident))?.muted).toMatchObject({ holds: true });
    return incident;
  },
};

describe("in English, no French is left on the pages of an incident", () => {
  it.each(Object.entries(STATES))("%s", async (_, lead) => {
    const incident = await lead();
    const paths = [...PAGES.map((page) => `incidents/${incident}/${page}`.replace(/\/$/, "")), ...LISTS];
    const left: string[] = [];
    for (const path of paths) {
      const { html, status } = await house.people.director.get(`/chv/${path}`);
      expect(status, path).toBeLessThan(500);
      for (const each of frenchIn(html)) left.push(`${path.split("/").slice(2).join("/")}: ${each}`);
    }
    for (const page of ["", "decision", "obligations/rgpd-33", "decision-orale", "depot", "suivi"]) {
      for (const who of ["delegate", "rssi", "auditor"] as const) {
        const { html } = await house.people[who].get(`/chv/incidents/${incident}/${page}`.replace(/\/$/, ""));
        for (const each of frenchIn(html)) left.push(`${who} ${page}: ${each}`);
      }
    }
    expect([...new Set(left)]).toEqual([]);
  });
});
