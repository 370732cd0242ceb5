import { type CompiledPattern, compilePattern } from "../../agent/core/identities/identifier-pattern.ts";
import { maskIdentities } from "../../agent/core/identities/mask-identities.ts";

/** The identifiers of the facility of the tests: ten digits that begin with 80. */
export const IPP = compilePattern({ name: "IPP", pattern: "80\\d{8}", after: [] }) as CompiledPattern;

/** What masks patients in tests, always alike. */
export const MASKS = maskIdentities({ secret: "a secret for tests only", patterns: [IPP] });
