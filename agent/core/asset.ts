import { z } from "zod";
import { enumOf } from "./enum-of.ts";

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

export const SystemKind = enumOf(SYSTEM_KINDS);
export type SystemKind = z.infer<typeof SystemKind>;

/** Kinds of systems under many others: their outage explains those of hosts nobody described. */
export const UNDER_ALL: ReadonlySet<SystemKind> = new Set<SystemKind>([
  "directory",
  "infrastructure",
  "network",
  "building",
]);

/** What the law's criteria need to know of a system: settings of the facility, which a kind gives when none is written. */
export interface SystemTraits {
  health_data: boolean;
  care_critical: boolean;
  /** Others use it too (regional PACS, shared laboratory). */
  shared: boolean;
  /** Others trust it: its compromise opens their doors (directory of a group of hospitals). */
  trusted_by_others: boolean;
  /** Care goes to paper after this long without it; 0 when it never does. */
  degraded_after_minutes: number;
  /** Restoration promised within. */
  restore_within_minutes: number;
}

interface KindTraits {
  /** What it touches when it fails or leaks, without any further fact. */
  touches?: readonly ("care" | "health_data" | "others")[];
  /** Minutes before care goes to paper, then minutes until it is to be restored. */
  delays: readonly [degraded: number, restored: number];
}

/**
 * What a kind brings. `care`, `health_data` and `others` are the candidates marked by default for C1, C2 and C5 in the
 * table of hospital systems; what is only potential there stays false, and so does trust, which is a fact of a site.
 */
const BY_KIND: Readonly<Record<SystemKind, KindTraits>> = {
  emergency_call: { touches: ["care"], delays: [5, 60] },
  patient_record: { touches: ["care", "health_data"], delays: [60, 240] },
  pharmacy: { touches: ["care"], delays: [60, 240] },
  laboratory: { touches: ["care", "health_data"], delays: [60, 240] },
  imaging: { touches: ["care", "health_data"], delays: [30, 240] },
  critical_care: { touches: ["care"], delays: [15, 120] },
  therapy: { touches: ["care", "health_data"], delays: [30, 240] },
  emergency_ward: { touches: ["care", "health_data"], delays: [30, 240] },
  medical_device: { touches: ["care"], delays: [30, 240] },
  identity_management: { touches: ["health_data"], delays: [60, 240] },
  mail: { touches: ["health_data"], delays: [60, 480] },
  directory: { delays: [15, 240] },
  infrastructure: { delays: [15, 240] },
  backup: { touches: ["health_data"], delays: [0, 1440] },
  network: { delays: [60, 240] },
  hosting: { touches: ["others"], delays: [60, 240] },
  building: { delays: [15, 240] },
  administration: { delays: [0, 1440] },
  website: { delays: [0, 1440] },
  other: { delays: [60, 240] },
};

/** The traits that a kind of system has as long as the facility states none. */
export function traitsOfKind(kind: SystemKind): SystemTraits {
  const { touches = [], delays } = BY_KIND[kind];
  return {
    health_data: touches.includes("health_data"),
    care_critical: touches.includes("care"),
    shared: touches.includes("others"),
    trusted_by_others: false,
    degraded_after_minutes: delays[0],
    restore_within_minutes: delays[1],
  };
}

export const AssetId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens, 63 at most");

/** An IPv4 or IPv6 network. */
export const Network = z.union([z.cidrv4(), z.cidrv6()], {
  error: "write a network such as 10.20.4.0/24 or 2001:db8::/32",
});

/** Longest host name there is (RFC 1035, section 2.3.4). */
const HOST_LENGTH = 253;

/** A name to compare with; `*` stands for any run of characters, and case does not count. */
export const NamePattern = z.string().min(1).max(HOST_LENGTH, `a name has ${HOST_LENGTH} characters at most`);

/** A place of the facility. */
export const Site = z.strictObject({
  id: AssetId,
  name: z.string().min(1),
  address: z.string().default(""),
  /** FINESS géographique (ET) of the site, when it has its own. */
  finess: z
    .string()
    .regex(/^[0-9AB][0-9AB ]{8,11}$/, "write the 9 characters of the FINESS number")
    .optional(),
});
export type Site = z.infer<typeof Site>;

const Minutes = z
  .int()
  .min(0)
  .max(366 * 1440);

/** One of the facility's systems: what it is made of, and what the law's criteria need to know of it. */
export const System = z
  .strictObject({
    id: AssetId,
    name: z.string().min(1),
    kind: SystemKind,
    /** Id of the site where it stands. */
    site: z.string().optional(),
    hosts: z.array(NamePattern).default([]),
    cidrs: z.array(Network).default([]),
    /** Service names as monitoring writes them. */
    services: z.array(NamePattern).default([]),
    /** Care units that work with it. */
    units: z.array(z.string().min(1)).default([]),
    vendor: z.strictObject({ name: z.string().min(1), phone: z.string().min(1).optional() }).optional(),
    /** (Default for this and the five that follow: what the kind brings.) */
    health_data: z.boolean().optional(),
    care_critical: z.boolean().optional(),
    shared: z.boolean().optional(),
    trusted_by_others: z.boolean().optional(),
    degraded_after_minutes: Minutes.optional(),
    restore_within_minutes: Minutes.optional(),
    depends_on: z.array(z.string()).default([]),
  })
  .transform((system) => {
    const kind = traitsOfKind(system.kind);
    const names = Object.keys(kind) as (keyof SystemTraits)[];
    const stated = names.filter((name) => system[name] !== undefined);
    return {
      ...system,
      ...kind,
      ...(Object.fromEntries(stated.map((name) => [name, system[name]])) as Partial<SystemTraits>),
      /** Traits that nobody wrote: the kind gave them. */
      by_default: names.filter((name) => !stated.includes(name)),
    };
  });
export type System = z.infer<typeof System>;

/** A machine that an inventory knows, and the system it was found to belong to. */
export const Asset = z.strictObject({
  name: NamePattern.regex(/^[^*]*$/, "a machine has one name: no *"),
  /** Other names of the same machine. */
  aliases: z.array(NamePattern.regex(/^[^*]*$/, "a machine has one name: no *")).default([]),
  addresses: z
    .array(z.union([z.ipv4(), z.ipv6()], { error: "write an IPv4 or IPv6 address, without a mask" }))
    .default([]),
  /** Id of its system; null while no rule says. */
  system: z.string().nullable().default(null),
  groups: z.array(z.string()).default([]),
  location: z.string().nullable().default(null),
});
export type Asset = z.infer<typeof Asset>;
