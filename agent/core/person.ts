import { z } from "zod";

export const ROLES = {
  delegate: "Personne déléguée",
  director: "Directeur",
  rssi: "RSSI",
  operator: "Opérateur",
  auditor: "Auditeur (lecture seule)",
} as const;
export const Role = z.enum(["delegate", "director", "rssi", "operator", "auditor"]);
export type Role = z.infer<typeof Role>;

/** Acts a person may be allowed. */
export type Act = "read" | "answer" | "edit" | "decide" | "record_filing" | "unmask" | "sign_off" | "mute";

const ACTS: Readonly<Record<Role, readonly Act[]>> = {
  delegate: ["read", "answer", "edit", "decide", "record_filing", "unmask", "sign_off", "mute"],
  director: ["read", "answer", "edit", "decide", "record_filing", "unmask", "sign_off", "mute"],
  rssi: ["read", "answer", "edit", "record_filing", "unmask", "sign_off", "mute"],
  operator: ["read", "answer"],
  auditor: ["read"],
};

/** Least privilege: only the director or the person delegated declares (D.1111-16-3). */
export function mayAct(account: Pick<Account, "role" | "active">, act: Act): boolean {
  return account.active && ACTS[account.role].includes(act);
}

/** A person with access. Password and second factor are kept apart, as credentials. */
export const Account = z.object({
  id: z.string(),
  login: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/),
  name: z.string().min(1),
  role: Role,
  function: z.string().default(""),
  email: z.string().default(""),
  phone: z.string().default(""),
  active: z.boolean().default(true),
  created: z.int(),
});
export type Account = z.infer<typeof Account>;

/** What proves that it is the person; never journalled, never shown. */
export interface Credentials {
  account: string;
  /** `argon2id$m=…,t=…,p=…$salt$hash`, base64. */
  password: string;
  /** TOTP secret (RFC 6238), base32. */
  totp: string;
  /** Last time step used: a code serves once. */
  totpStep: number;
}
