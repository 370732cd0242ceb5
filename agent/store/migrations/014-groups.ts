import type { Migration } from "./migration.ts";

/**
 * Traces of access, as a condition of SQL: they have an index of their own, so that they can be erased by age. The
 * question has to say it word for word.
 */
export const OF_ACCESS =
  "type IN ('note.signed_in', 'note.session_ended', 'note.sessions_ended', 'note.recovery_code_used', 'note.dossier_read', 'note.group_read', 'note.attachment_read', 'note.unmasked')";

/**
 * Several facilities in one database: who read what of a group is a trace of access; and in PostgreSQL, which facilities
 * a role may read and write, and what makes it so. Nothing does until a role is named.
 */
export const groups: Migration = {
  version: 14,
  name: "groups",
  sql: [
    "DROP INDEX journal_of_access",
    `CREATE INDEX journal_of_access ON journal (facility, at, seq) WHERE ${OF_ACCESS}`,
  ],
  postgres: [
    `CREATE TABLE facility_roles (
      role TEXT NOT NULL,
      facility TEXT NOT NULL,
      writes BOOLEAN NOT NULL,
      PRIMARY KEY (role, facility)
    )`,
    // Not forced: who owns the tables says who may what.
    "ALTER TABLE facility_roles ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY own ON facility_roles FOR SELECT USING (role = current_user::text)",
    // Looked up once a statement, in a table of its own: what a facility asks for stays a condition of its index.
    `CREATE FUNCTION protect_facilities() RETURNS integer LANGUAGE plpgsql AS $body$
    DECLARE
      place name := current_schema();
      named text;
      may_write boolean;
      tab record;
      rights text;
      listed text := 'facility IN (SELECT f.facility FROM %1$I.facility_roles f WHERE f.role = current_user::text)';
      written text := 'facility IN (SELECT f.facility FROM %1$I.facility_roles f WHERE f.role = current_user::text AND f.writes)';
      -- A list is quicker than a table of hashes where thousands of rows are added at once.
      added text := 'facility = ANY (ARRAY(SELECT f.facility FROM %1$I.facility_roles f WHERE f.role = current_user::text AND f.writes))';
      count integer := 0;
    BEGIN
      IF NOT EXISTS (SELECT 1 FROM facility_roles) THEN RETURN 0; END IF;
      listed := format(listed, place);
      written := format(written, place);
      added := format(added, place);
      FOR tab IN
        SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS secured
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = place::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'facility'
          AND NOT a.attisdropped AND c.relname <> 'facility_roles'
        ORDER BY c.relname
      LOOP
        count := count + 1;
        CONTINUE WHEN tab.secured;
        EXECUTE format('CREATE POLICY of_facility_select ON %I.%I FOR SELECT USING (%s)', place, tab.name, listed);
        EXECUTE format('CREATE POLICY of_facility_insert ON %I.%I FOR INSERT WITH CHECK (%s)', place, tab.name, added);
        EXECUTE format('CREATE POLICY of_facility_update ON %I.%I FOR UPDATE USING (%s) WITH CHECK (%s)', place, tab.name, written, written);
        EXECUTE format('CREATE POLICY of_facility_delete ON %I.%I FOR DELETE USING (%s)', place, tab.name, written);
        EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', place, tab.name);
      END LOOP;
      FOR named, may_write IN SELECT role, bool_or(writes) FROM facility_roles GROUP BY role ORDER BY role LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = named) THEN
          RAISE EXCEPTION 'there is no role %', named USING HINT = 'create it first, or correct facility_roles';
        END IF;
        IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = named AND (rolsuper OR rolbypassrls))
          OR pg_has_role(named, (SELECT relowner FROM pg_class WHERE oid = 'facility_roles'::regclass), 'MEMBER') THEN
          RAISE EXCEPTION 'the role % passes by row security: it is a superuser, has BYPASSRLS, or owns the tables', named
            USING HINT = 'run each facility under a role that has none of these';
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', place, named);
        FOR tab IN SELECT relname AS name FROM pg_class WHERE relnamespace = place::regnamespace AND relkind IN ('r', 'p') LOOP
          rights := CASE
            WHEN NOT may_write OR tab.name IN ('facility_roles', 'schema_version', 'data_keys') THEN 'SELECT'
            WHEN tab.name IN ('journal', 'checkpoints') THEN 'SELECT, INSERT'
            ELSE 'SELECT, INSERT, UPDATE, DELETE' END;
          EXECUTE format('REVOKE ALL ON %I.%I FROM %I', place, tab.name, named);
          EXECUTE format('GRANT %s ON %I.%I TO %I', rights, place, tab.name, named);
        END LOOP;
      END LOOP;
      RETURN count;
    END $body$`,
    "REVOKE ALL ON FUNCTION protect_facilities() FROM PUBLIC",
    // By the rights of the owner, for roles that own no table: plans of tables that grow quickly depend on it. Every name is
    // written out, so that nobody's own tables are taken for these.
    `DO $do$ BEGIN EXECUTE format($make$
      CREATE FUNCTION %1$I.refresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = pg_catalog, pg_temp AS $body$ BEGIN
        ANALYZE %1$I.journal, %1$I.journal_contents, %1$I.records, %1$I.alerts, %1$I.joined, %1$I.effects;
      END $body$ $make$, current_schema());
    END $do$`,
  ],
};
