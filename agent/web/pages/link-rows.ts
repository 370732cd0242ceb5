import type { Effect } from "../../core/effect.ts";
import type { Account } from "../../core/person.ts";
import { ASKED_PEOPLE, LINK_STATES, type LinkAnswer } from "../../core/question-link.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import type { LinkRow } from "../../stages/links/links-desk.ts";

const SENT: Readonly<Record<Effect["state"], string>> = {
  planned: "envoi prévu",
  claimed: "envoi en cours",
  done: "envoyé",
  failed: "non envoyé",
  uncertain: "sans confirmation, à vérifier",
  cancelled: "canal non utilisé",
};

/** A link as pages show it. */
export function linkRow(
  { link, code, sent }: LinkRow,
  { publicUrl, facility }: { publicUrl: string; facility: string },
) {
  const { to } = link;
  const kind = to.person === "other" ? "" : ASKED_PEOPLE[to.person];
  return {
    id: link.id,
    place: `lien-${link.id.slice(0, 12)}`,
    text: link.text,
    state: link.state,
    words: LINK_STATES[link.state],
    to: [to.name, kind, to.function].filter((each) => each !== "").join(", "),
    by: link.by.name,
    asked: link.asked,
    expires: link.expires,
    code,
    url: code === null ? null : `${publicUrl}/${facility}/question/${code}`,
    sent: sent.map((each) => ({ ...each, words: SENT[each.state as Effect["state"]] })),
    answer: link.answer === null ? null : answerRow(link.answer),
    revoked: link.revoked,
  };
}

function answerRow({ at, said, unused }: LinkAnswer) {
  const words = {
    answer: said.kind === "answer" ? said.label : "",
    unknown: "Je ne sais pas",
    other_person: `Ce n'est pas à moi : demandez à ${said.kind === "other_person" ? said.text : ""}`,
  }[said.kind];
  return {
    at,
    words,
    since: said.kind === "answer" ? said.since : null,
    unused: said.kind === "answer" ? unused : null,
  };
}

/** What the page of an incident says of the questions put outside. */
export async function askedSummary(desk: Desk, incident: string, person: Account) {
  const rows = await desk.links.of(incident, person);
  return rows.map((row) => linkRow({ ...row, code: null }, { publicUrl: "", facility: "" }));
}
