import type { SystemKind } from "../../core/asset.ts";
import type { FacilityKind } from "../../core/facility.ts";

/** A system that facilities of a kind have, as a new configuration describes it. */
interface StarterSystem {
  id: string;
  name: string;
  kind: SystemKind;
  /** Usual names of its machines: shown as an example, in force once the person has taken the `#` away. */
  hosts: readonly string[];
  needs?: readonly string[];
  /** Attributes that are not those of the kind. */
  with?: string;
}

/** What a kind of facility starts from. */
export interface Profile {
  /** Shown where it is chosen. */
  label: string;
  facility: FacilityKind;
  systems: readonly StarterSystem[];
}

const system = (
  id: string,
  name: string,
  kind: SystemKind,
  hosts: readonly string[],
  needs: readonly string[] = [],
  given?: string,
): StarterSystem => ({ id, name, kind, hosts, needs, ...(given === undefined ? {} : { with: given }) });

const CLINICAL = ["annuaire", "virtualisation", "stockage", "reseau"];

/** What care stands on, the same everywhere there is a server room. */
const GROUND: readonly StarterSystem[] = [
  system("annuaire", "Annuaire (Active Directory)", "directory", ["dc*", "ad-*"], ["reseau"]),
  system("virtualisation", "Virtualisation", "infrastructure", ["esx*", "vcenter*"], ["stockage", "reseau"]),
  system("stockage", "Stockage", "infrastructure", ["san*", "nas*"], ["energie"]),
  system("sauvegardes", "Sauvegardes", "backup", ["veeam*", "bkp*"], ["stockage", "reseau"]),
  system("reseau", "Réseau et accès Internet", "network", ["sw-*", "fw*", "vpn*"], ["energie"]),
  system("telephonie", "Téléphonie", "network", ["pabx*", "ipbx*"], ["reseau"]),
  system("messagerie", "Messagerie et MSSanté", "mail", ["mail*", "smtp*"], ["annuaire", "reseau"]),
  system("energie", "Énergie et climatisation (GTC)", "building", ["gtc*", "onduleur*"]),
  system("paie", "Paie, RH, achats", "administration", ["paie*", "rh-*"], ["annuaire", "virtualisation"]),
  system("site-web", "Site internet", "website", ["www*"], ["reseau"]),
];

const HOSPITAL: readonly StarterSystem[] = [
  system("dpi", "Dossier patient (DPI) et prescription", "patient_record", ["dpi*"], [...CLINICAL, "gam"]),
  system("urgences", "Urgences", "emergency_ward", ["urg*"], ["dpi", "reseau"]),
  system("bloc", "Bloc, anesthésie, réanimation", "critical_care", ["bloc*", "rea-*"], ["reseau", "energie"]),
  system("pharmacie", "Pharmacie et automates", "pharmacy", ["pui*", "pharma*"], ["dpi", ...CLINICAL]),
  system("laboratoire", "Laboratoire et dépôt de sang", "laboratory", ["sil*", "labo*"], CLINICAL),
  system("ris", "Imagerie : rendez-vous et comptes rendus (RIS)", "imaging", ["ris*"], ["pacs", ...CLINICAL]),
  system("pacs", "Imagerie : images (PACS)", "imaging", ["pacs*"], CLINICAL),
  system("dispositifs", "Dispositifs médicaux connectés", "medical_device", ["dm-*", "pompe*"], ["reseau"]),
  system("gam", "Gestion administrative et identités (INS)", "identity_management", ["gam*"], CLINICAL),
];

/** The profiles of `init --profile`, by name. */
export const PROFILES: Readonly<Record<string, Profile>> = {
  ch: {
    label: "Centre hospitalier",
    facility: "etablissement_de_sante",
    systems: [...HOSPITAL, ...GROUND],
  },
  chu: {
    label: "Centre hospitalier universitaire, avec SAMU",
    facility: "etablissement_de_sante",
    systems: [
      system(
        "samu",
        "Régulation du SAMU-Centre 15",
        "emergency_call",
        ["samu*", "c15-*"],
        ["telephonie", "reseau"],
      ),
      ...HOSPITAL,
      system("radiotherapie", "Radiothérapie", "therapy", ["rt-*", "linac*"], ["pacs", ...CLINICAL]),
      system("dialyse", "Dialyse", "therapy", ["dialyse*"], ["reseau"]),
      system("recherche", "Recherche clinique", "other", ["rech*"], CLINICAL, "health_data: true"),
      ...GROUND,
    ],
  },
  ehpad: {
    label: "Ehpad ou établissement médico-social",
    facility: "medico_social",
    systems: [
      system("dossier-resident", "Dossier de soins des résidents", "patient_record", ["soins*"], ["reseau"]),
      system("medicaments", "Circuit du médicament", "pharmacy", ["pilulier*"], ["dossier-resident"]),
      system(
        "appel-malade",
        "Appel malade et sécurité des résidents",
        "medical_device",
        ["appel*"],
        ["reseau"],
      ),
      system("postes", "Postes et serveur de fichiers", "infrastructure", ["srv*"], ["reseau", "energie"]),
      system("sauvegardes", "Sauvegardes", "backup", ["nas*"], ["postes"]),
      system("reseau", "Réseau, Internet, wifi", "network", ["box*", "sw-*"], ["energie"]),
      system("telephonie", "Téléphonie", "network", ["pabx*"], ["reseau"]),
      system("messagerie", "Messagerie et MSSanté", "mail", ["mail*"], ["reseau"]),
      system("energie", "Énergie et chauffage", "building", ["gtc*"]),
      system("administration", "Facturation, paie, RH", "administration", ["compta*"], ["postes"]),
    ],
  },
  labo: {
    label: "Laboratoire de biologie médicale",
    facility: "laboratoire",
    systems: [
      system("sil", "Système informatique du laboratoire (SIL)", "laboratory", ["sil*"], CLINICAL),
      system(
        "automates",
        "Automates et leur concentrateur",
        "medical_device",
        ["auto-*", "mw-*"],
        ["sil", "reseau"],
      ),
      system(
        "resultats",
        "Serveur de résultats (patients, prescripteurs)",
        "hosting",
        ["resultats*"],
        ["sil", "reseau"],
        "health_data: true",
      ),
      ...GROUND,
    ],
  },
  radiotherapie: {
    label: "Centre de radiothérapie",
    facility: "radiotherapie",
    systems: [
      system(
        "rv",
        "Enregistrement et vérification des traitements (R&V)",
        "therapy",
        ["rv-*", "aria*"],
        CLINICAL,
      ),
      system(
        "planification",
        "Planification des traitements (TPS)",
        "therapy",
        ["tps*"],
        ["pacs", ...CLINICAL],
      ),
      system("accelerateurs", "Accélérateurs", "medical_device", ["linac*"], ["rv", "reseau", "energie"]),
      system("pacs", "Images (scanner, PACS)", "imaging", ["pacs*", "scan*"], CLINICAL),
      system("dpi", "Dossier patient", "patient_record", ["dpi*"], CLINICAL),
      ...GROUND,
    ],
  },
};

/** The `systems` of a new configuration: those of a profile, as YAML. */
export function systemsText({ label, systems }: Profile): string {
  const blocks = systems.map(
    ({ id, name, kind, hosts, needs = [], with: given }) => `  - id: ${id}
    name: ${JSON.stringify(name)}
    kind: ${kind}
    # hosts: [${hosts.map((host) => JSON.stringify(host)).join(", ")}]
${given === undefined ? "" : `    ${given}\n`}    depends_on: [${needs.join(", ")}]
`,
  );
  return `# Profil : ${label}. À relire : retirez ce que vous n'avez pas, ôtez « # » devant hosts en écrivant vos noms.
# Ce que le type (kind) donne par défaut, soins, données de santé, délais : npm run tocsin -- assets list
systems:
${blocks.join("")}`;
}
