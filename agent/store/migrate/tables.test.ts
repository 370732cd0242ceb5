import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { MIGRATIONS } from "../migrations.ts";
import { copiedTables, TABLES } from "./tables.ts";

it("knows what becomes of every table that the migrations make", () => {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL)");
  for (const { sql } of MIGRATIONS) for (const step of sql) database.exec(step);
  const made = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  expect(Object.keys(TABLES).sort()).toEqual(made.map(({ name }) => name));
  const refers = database.prepare('SELECT DISTINCT "table" AS name FROM pragma_foreign_key_list(?)');
  const order = copiedTables().map(({ name }) => name);
  for (const [place, name] of order.entries())
    for (const other of refers.all(name)) expect(order.slice(0, place)).toContain(other.name);
  database.close();
});

it("copies every column, those that later migrations add too, by a key that begins with the facility", () => {
  const tables = copiedTables();
  const columns = (table: string) =>
    tables.find(({ name }) => name === table)?.columns.map(({ name, kind }) => `${name} ${kind}`);
  expect(columns("sessions")).toContain("account text");
  expect(columns("attachment_pieces")).toEqual([
    "facility text",
    "sha256 text",
    "position number",
    "bytes bytes",
    "sealed number",
  ]);
  for (const { key } of tables) expect(key[0]).toBe("facility");
});
