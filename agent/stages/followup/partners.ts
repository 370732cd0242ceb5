import { PARTNER, PARTNERS, type Partner, type PartnerItem } from "../../core/partner.ts";
import { type Refused, refuse } from "../person-act.ts";
import { impossible } from "../possible-instant.ts";
import type { Work } from "../work.ts";
import type { Acting } from "./advice.ts";
import type { PartnerLine, PartnerTold } from "./follow-up-desk.ts";

/** The list to think with, then what people added, each with what was said of it. */
export function partnerLines({ partners }: Pick<Work, "partners">): PartnerLine[] {
  const items = (Object.keys(PARTNERS) as PartnerItem[]).map((item) => ({
    item,
    label: PARTNERS[item],
    told: partners.find((each) => each.item === item) ?? null,
  }));
  const own = partners.filter(({ item }) => item === null);
  return [...items, ...own.map((told) => ({ item: null, label: told.label, told }))];
}

/** Ticks one line, or takes the tick back: the journal keeps both. */
export function tellPartner(
  work: Work,
  told: PartnerTold,
  { actor, setup, now }: Acting,
): { outcome: "noted" } | Refused {
  const { state, at = now } = told;
  const [who, label] = [told.who.trim(), (told.label ?? "").trim()];
  if (who.length > PARTNER.who || label.length > PARTNER.label)
    return refuse("too_long", `Le nom compte ${PARTNER.who} caractères au plus.`);
  if (state === "not_needed" && who === "")
    return refuse("reason_missing", "Dites pourquoi il n'y a personne à prévenir.");
  const wrong = impossible(at, now, setup.facility.time_zone);
  if (wrong !== undefined) return wrong;
  const known = work.partners.find(
    ({ id, item }) => id === (told.partner ?? told.form) || (item !== null && item === told.item),
  );
  const by = { account: actor.id, name: actor.name };
  const said = { state, at, written: now, by, who: who.toWellFormed() };
  if (known !== undefined) {
    // The form of a new line, sent twice.
    if (told.form === known.id) return { outcome: "noted" };
    work.partners = work.partners.map((each) => (each === known ? { ...each, ...said } : each));
    return { outcome: "noted" };
  }
  const { id: incident } = work.incident;
  if (told.item !== undefined) {
    const { item } = told;
    work.partners.push({ id: `${incident}/${item}`, incident, item, label: PARTNERS[item], ...said });
    return { outcome: "noted" };
  }
  if (told.form === undefined || told.partner !== undefined)
    return refuse("unknown_partner", "Cette ligne n'est pas de ce dossier.");
  if (label === "") return refuse("nobody_named", "Dites qui : un nom ou un organisme.");
  if (work.partners.filter(({ item }) => item === null).length >= PARTNER.own)
    return refuse("too_many", `${PARTNER.own} lignes ont été ajoutées : c'est le plus.`);
  const own: Partner = { id: told.form, incident, item: null, label: label.toWellFormed(), ...said };
  work.partners.push(own);
  return { outcome: "noted" };
}
