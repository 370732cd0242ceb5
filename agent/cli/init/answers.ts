import { password as askPassword, cancel, group, intro, isCancel, select, text } from "@clack/prompts";
import { TocsinError } from "../../core/errors.ts";
import { isLongEnough, type PasswordOptions } from "../given-password.ts";
import { isLoopback } from "./listening-text.ts";
import { isServerName } from "./make-tls.ts";
import { PROFILES } from "./profiles.ts";

/** The options of `init`, as commander reads them from the line and from the environment. */
export interface InitOptions extends PasswordOptions {
  config: string;
  facilityId?: string;
  facilityName?: string;
  kind?: string;
  profile?: string;
  mode?: string;
  state: string;
  login?: string;
  person?: string;
  listen?: string;
  tlsName?: string[];
  comments: string;
}

/** What must be known; each is a flag, and is asked for on a terminal when missing. */
export interface Answers {
  facilityId: string;
  facilityName: string;
  profile?: string | undefined;
  kind: string;
  mode: string;
  login: string;
  person: string;
  listen: string;
  /** How others reach this machine; of no use on the loopback. */
  tlsName: readonly string[];
}

const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;
const LOOPBACK = "127.0.0.1";

/** The answers of the flags alone; undefined, with what is missing on standard error, when they are not all there. */
export function fromFlags(options: InitOptions): Answers | undefined {
  const kind = options.kind ?? PROFILES[options.profile ?? ""]?.facility;
  const listen = options.listen ?? LOOPBACK;
  const given = { ...options, kind, listen, tlsName: options.tlsName ?? [] };
  const missing: string[] = (
    ["facilityId", "facilityName", "kind", "mode", "login", "person"] as const
  ).filter((name) => !given[name]);
  if (!isLoopback(listen) && given.tlsName.length === 0) missing.push("tlsName");
  if (missing.length === 0) return given as typeof given & Answers;
  const flags = missing.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  const variables = missing.map((name) => `TOCSIN_${name.replace(/[A-Z]/g, (letter) => `_${letter}`)}`);
  process.stderr.write(
    `init: nobody to ask here; give ${flags.join(", ")}\n(or, in the environment: ${variables.join(", ").toUpperCase()})\n`,
  );
  return undefined;
}

/** Asks on the terminal for what the flags do not say; undefined when the person leaves. */
export async function ask(options: InitOptions): Promise<Answers | undefined> {
  intro("Tocsin : première mise en place");
  const slug = (value: string | undefined) =>
    SLUG.test(value ?? "") ? undefined : "minuscules, chiffres et tirets";
  const filled = (value: string | undefined) => ((value ?? "").trim() === "" ? "à remplir" : undefined);
  const given = <T extends string>(value: string | undefined, question: () => Promise<T | symbol>) =>
    value === undefined ? question() : Promise.resolve(value as T);
  try {
    const said = await group(
      {
        facilityName: () =>
          given(options.facilityName, () =>
            text({ message: "Raison sociale de l'établissement", validate: filled }),
          ),
        facilityId: () =>
          given(options.facilityId, () => text({ message: "Nom court (ch-exemple)", validate: slug })),
        profile: () =>
          given(options.profile, () =>
            select({
              message: "Partir des systèmes d'un établissement de ce genre",
              options: [
                ...Object.entries(PROFILES).map(([value, { label }]) => ({ value, label })),
                { value: "", label: "Aucun : je les décrirai" },
              ],
            }),
          ).then((value) => {
            if (typeof value === "string") options.profile = value;
            return value;
          }),
        kind: () =>
          given<string>(options.kind ?? PROFILES[options.profile ?? ""]?.facility, () =>
            select({
              message: "Type de structure",
              options: [
                { value: "etablissement_de_sante", label: "Établissement de santé" },
                { value: "medico_social", label: "Ehpad ou établissement médico-social" },
                { value: "radiotherapie", label: "Centre de radiothérapie" },
                { value: "laboratoire", label: "Laboratoire de biologie médicale" },
                { value: "autre", label: "Autre" },
              ],
            }),
          ),
        mode: () =>
          given(options.mode, () =>
            select({
              message: "Pour commencer",
              options: [
                { value: "exercise", label: "Exercice : tout est marqué, aucune autorité n'est jointe" },
                { value: "observe", label: "Observation : personne n'est prévenu" },
                { value: "live", label: "Réel" },
              ],
            }),
          ),
        listen: () =>
          given(options.listen, () =>
            select({
              message: "Qui joint Tocsin",
              options: [
                { value: LOOPBACK, label: "Cette machine seule : pour essayer" },
                { value: "0.0.0.0", label: "D'autres machines : avec TLS, par une autorité faite ici" },
              ],
            }),
          ).then((value) => {
            if (typeof value === "string") options.listen = value;
            return value;
          }),
        tlsName: () =>
          options.tlsName !== undefined || isLoopback(options.listen ?? "")
            ? Promise.resolve((options.tlsName ?? []).join(" "))
            : text({
                message:
                  "Noms et adresses par lesquels on la joint (tocsin.exemple 192.0.2.10), le premier dans les messages",
                validate: (value) =>
                  wordsOf(value).length > 0 && wordsOf(value).every(isServerName)
                    ? undefined
                    : "des noms DNS ou des adresses IP, séparés par des espaces",
              }),
        person: () =>
          given(options.person, () => text({ message: "Nom de la personne déléguée", validate: filled })),
        login: () =>
          given(options.login, () => text({ message: "Son identifiant (prenom.nom)", validate: filled })),
        password: () =>
          options.password === undefined && options.passwordFile === undefined
            ? askPassword({
                message: "Son mot de passe (vide : en fabriquer un)",
                validate: (value) => (!value || isLongEnough(value) ? undefined : "au moins 12 caractères"),
              }).then((value) => {
                if (!isCancel(value) && value) options.password = value;
                return value;
              })
            : Promise.resolve(""),
      },
      {
        onCancel() {
          throw new TocsinError({ code: "cancelled", message: "cancelled; nothing was written" });
        },
      },
    );
    return { ...said, tlsName: wordsOf(said.tlsName) };
  } catch (error) {
    cancel("Rien n'a été écrit.");
    if (error instanceof TocsinError) return undefined;
    throw error;
  }
}

const wordsOf = (value: string | undefined) => (value ?? "").split(/[\s,]+/).filter((word) => word !== "");
