import {
  type Declaration,
  type DeclarationContent,
  type FormField,
  sealContent,
} from "../../agent/core/declaration.ts";
import type { Masked } from "../../agent/core/masked.ts";
import type { Account } from "../../agent/core/person.ts";
import type { TextSeen } from "../../agent/stages/person-act.ts";
import { newWork, type Setup, type WayOut, type Work } from "../../agent/stages/work.ts";
import { anIncident, NIGHT } from "./incident.ts";

/** Anne's account, who may decide. */
export const ANNE: Account = {
  id: "acc-1",
  login: "anne.morel",
  name: "Anne Morel",
  role: "delegate",
  function: "",
  email: "",
  phone: "",
  active: true,
  created: 0,
};

/** A version of a text, sealed, that names Anne as its declarant unless told otherwise. */
export function aText(
  over: Partial<Declaration> = {},
  declarant: string | null | undefined = ANNE.name,
): Declaration {
  const { id = "declaration-1", version = 1 } = over;
  const field = (name: string, value: string | null): FormField => ({
    id: name,
    label: name,
    value,
    unknown: false,
    provenance: { by: "nobody" },
    basis: "A",
  });
  const content: DeclarationContent = {
    facility: { id: "ch-exemple", name: "CH Exemple" },
    incident: "incident-1",
    reference: "2026-0001",
    declaration: id,
    kind: "initial",
    version,
    exercise: false,
    pack: { id: "sante-2022", version: "1" },
    template: { id: "initial", version: "1" },
    criteria: [],
    sections: [
      { id: "what", title: "Faits", fields: [field("systems", "PACS")] },
      {
        id: "who",
        title: "Déclarant",
        fields: [
          field("phone", null),
          ...(declarant === undefined ? [] : [field("declarant_name", declarant)]),
        ],
      },
    ],
    text: `Le PACS est arrêté : été, version ${version}.`,
  };
  return {
    id,
    incident: "incident-1",
    regime: "sante-2022",
    kind: "initial",
    version,
    state: "draft",
    ...sealContent(content as Masked<DeclarationContent>),
    updated: NIGHT,
    ...over,
  };
}

/** An incident in review whose texts are these, with nothing planned and nobody told. */
export function aWork(...declarations: Declaration[]): Work {
  return { ...newWork(anIncident({ state: "in_review" })), declarations };
}

/** The text of a declaration, as a person saw it. */
export function seen({ id, version, sha256 }: Declaration, over: Partial<TextSeen> = {}): TextSeen {
  return { incident: "incident-1", declaration: id, version, sha256, ...over };
}

/** What a decision needs of the installation: ways out, and ids that count. */
export function setupFor(...outbound: WayOut[]): Setup {
  let ids = 0;
  const setup = {
    facility: { id: "ch-exemple", time_zone: "Europe/Paris" },
    mode: "live",
    regimes: [{ id: "sante-2022", duty: "sante" }],
    notify: [{ id: "mail", for: ["delegate"] }],
    outbound,
    newId: () => `id-${++ids}`,
  };
  return setup as unknown as Setup;
}
