/** A row whose content cannot be read any more; `reference` is that of its incident. */
export interface DamagedRow {
  table: "records" | "alerts" | "effects";
  kind: string;
  id: string;
  incident: string | null;
  reference: string | null;
}
