import { enumOf } from "../../core/enum-of.ts";

/** The labels of the Traffic Light Protocol 2.0 (FIRST), and the STIX marking that OASIS publishes for each. */
export const TLP = {
  CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
  GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
  AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
  "AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
  RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
} as const;
export const Tlp = enumOf(TLP);
export type Tlp = keyof typeof TLP;

/** What is shared with a CERT unless said otherwise: its members and their clients who need to know. */
export const USUAL_TLP: Tlp = "AMBER";
