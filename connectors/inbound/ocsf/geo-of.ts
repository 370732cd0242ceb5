import type { Alert } from "../../../agent/core/alert.ts";
import type { Draft } from "../../shared/draft.ts";
import { isEmpty, isObject } from "../../shared/json.ts";
import { putText, toldText } from "./told-text.ts";

type Geo = NonNullable<NonNullable<Alert["host"]>["geo"]>;

/** Where on earth an OCSF location is; undefined when it says nothing. */
export function geoOf(draft: Draft, value: unknown): Geo | undefined {
  if (!isObject(value)) return undefined;
  const geo: Geo = {};
  // The schema asks for ISO 3166-1; GuardDuty and others write the name.
  const country = toldText(value.country);
  const code = country !== undefined && /^[A-Z]{2}$/.test(country);
  putText(draft, geo, code ? "country_iso_code" : "country_name", country);
  putText(draft, geo, "region_name", value.region);
  putText(draft, geo, "city_name", value.city);
  putText(draft, geo, "postal_code", value.postal_code);
  return isEmpty(geo) ? undefined : geo;
}
