import { z } from "zod";

/** Kinds of hospital systems with the French label shown; a kind brings default attributes. */
export const SYSTEM_KINDS = {
  emergency_call: "Régulation SAMU, téléphonie d'urgence",
  patient_record: "Dossier patient informatisé (DPI), prescription",
  pharmacy: "Pharmacie, automates",
  laboratory: "Laboratoire, banque du sang",
  imaging: "Imagerie (RIS, PACS)",
  critical_care: "Bloc, anesthésie, réanimation, monitorage",
  therapy: "Radiothérapie, dialyse",
  emergency_ward: "Urgences",
  medical_device: "Dispositifs médicaux connectés",
  identity_management: "Gestion administrative, identité (INS)",
  mail: "Messagerie, MSSanté",
  directory: "Annuaire (Active Directory)",
  infrastructure: "Virtualisation, stockage",
  backup: "Sauvegardes",
  network: "Réseau, Internet, VPN, télémaintenance",
  hosting: "Hébergeur, éditeur, service mutualisé",
  building: "Énergie, climatisation, fluides (GTC)",
  administration: "Paie, RH, achats",
  website: "Site internet",
  other: "Autre",
} as const;

export const SystemKind = z.enum(
  Object.keys(SYSTEM_KINDS) as [keyof typeof SYSTEM_KINDS, ...(keyof typeof SYSTEM_KINDS)[]],
);
export type SystemKind = z.infer<typeof SystemKind>;

/** One of the facility's systems: what it is made of, and what the law's criteria need to know of it. */
export const System = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens"),
  name: z.string().min(1),
  kind: SystemKind,
  /** Host names; `*` stands for any run of characters. Case does not count. */
  hosts: z.array(z.string().min(1)).default([]),
  /** IPv4 or IPv6 networks. */
  cidrs: z
    .array(
      z.union([z.cidrv4(), z.cidrv6()], { error: "write a network such as 10.20.4.0/24 or 2001:db8::/32" }),
    )
    .default([]),
  /** Service names as monitoring writes them; `*` as above. */
  services: z.array(z.string().min(1)).default([]),
  health_data: z.boolean().default(false),
  care_critical: z.boolean().default(false),
  /** Others use it too (regional PACS, shared laboratory). */
  shared: z.boolean().default(false),
  /** Others trust it: its compromise opens their doors (directory of a group of hospitals). */
  trusted_by_others: z.boolean().default(false),
  /** Care goes to paper after this long without it; 0 when it never does. (Default: 60.) */
  degraded_after_minutes: z.int().min(0).default(60),
  /** Restoration promised within. (Default: 240.) */
  restore_within_minutes: z.int().min(0).default(240),
  depends_on: z.array(z.string()).default([]),
});
export type System = z.infer<typeof System>;
