import type { Migration } from "./migration.ts";

/**
 * The first tables, in SQL that both engines read once `WITHOUT ROWID` (SQLite's clustering) is left out.
 * Every table, key and index begins with `facility`; `schema_version` belongs to the installation.
 */
export const ground: Migration = {
  version: 1,
  name: "ground",
  sql: [
    `CREATE TABLE journal (
      facility TEXT NOT NULL,
      seq BIGINT NOT NULL,
      type TEXT NOT NULL,
      at BIGINT NOT NULL,
      incident TEXT,
      content_hash TEXT NOT NULL,
      previous TEXT NOT NULL,
      body_hash TEXT NOT NULL,
      hash TEXT NOT NULL,
      PRIMARY KEY (facility, seq)
    ) WITHOUT ROWID`,
    `CREATE INDEX journal_of_incident ON journal (facility, incident, seq) WHERE incident IS NOT NULL`,
    // Apart, so that retention can erase them and leave the proof.
    `CREATE TABLE journal_contents (
      facility TEXT NOT NULL,
      seq BIGINT NOT NULL,
      salt TEXT NOT NULL,
      content TEXT NOT NULL,
      PRIMARY KEY (facility, seq),
      FOREIGN KEY (facility, seq) REFERENCES journal (facility, seq)
    ) WITHOUT ROWID`,
    `CREATE TABLE checkpoints (
      facility TEXT NOT NULL,
      seq BIGINT NOT NULL,
      hash TEXT NOT NULL,
      at BIGINT NOT NULL,
      signer TEXT NOT NULL,
      signature TEXT NOT NULL,
      PRIMARY KEY (facility, seq)
    )`,
    // name: what is unique besides the id (an account's login, an incident's reference).
    // created, journal_seq: the journal entries of the first and of the present revision.
    `CREATE TABLE records (
      facility TEXT NOT NULL,
      kind TEXT NOT NULL,
      id TEXT NOT NULL,
      revision BIGINT NOT NULL,
      incident TEXT,
      state TEXT,
      name TEXT,
      created BIGINT NOT NULL,
      journal_seq BIGINT NOT NULL,
      updated BIGINT NOT NULL,
      content TEXT NOT NULL,
      PRIMARY KEY (facility, kind, id),
      UNIQUE (facility, kind, name)
    )`,
    `CREATE INDEX records_by_age ON records (facility, kind, created)`,
    `CREATE INDEX records_by_state ON records (facility, kind, state, created)`,
    `CREATE INDEX records_of_incident ON records (facility, incident, kind, created)`,
    // event: source and event id, hashed when long, since both are the sender's words.
    // first_detection, detections: the numbers of its detections, which its content carries, in the order of arrival.
    // journal_seq, position: the entry that holds the digest of content, and where in it.
    `CREATE TABLE alerts (
      facility TEXT NOT NULL,
      id TEXT NOT NULL,
      event TEXT,
      first_detection BIGINT NOT NULL,
      detections BIGINT NOT NULL,
      journal_seq BIGINT NOT NULL,
      position BIGINT NOT NULL,
      content TEXT NOT NULL,
      PRIMARY KEY (facility, id),
      UNIQUE (facility, event)
    )`,
    `CREATE INDEX alerts_by_arrival ON alerts (facility, first_detection)`,
    `CREATE TABLE joined (
      facility TEXT NOT NULL,
      incident TEXT NOT NULL,
      detection BIGINT NOT NULL,
      alert TEXT NOT NULL,
      position BIGINT NOT NULL,
      occurred BIGINT NOT NULL,
      journal_seq BIGINT NOT NULL,
      PRIMARY KEY (facility, incident, detection)
    )`,
    `CREATE INDEX joined_by_time ON joined (facility, incident, occurred, detection)`,
    `CREATE TABLE cursors (
      facility TEXT NOT NULL,
      name TEXT NOT NULL,
      position BIGINT NOT NULL,
      PRIMARY KEY (facility, name)
    )`,
    `CREATE TABLE effects (
      facility TEXT NOT NULL,
      effect_key TEXT NOT NULL,
      kind TEXT NOT NULL,
      incident TEXT,
      due BIGINT NOT NULL,
      state TEXT NOT NULL,
      attempt BIGINT NOT NULL,
      owner TEXT,
      fence BIGINT NOT NULL,
      payload TEXT NOT NULL,
      because TEXT,
      PRIMARY KEY (facility, effect_key)
    )`,
    `CREATE INDEX effects_due ON effects (facility, state, due)`,
    `CREATE INDEX effects_of_incident ON effects (facility, incident, due)`,
    `CREATE TABLE credentials (
      facility TEXT NOT NULL,
      account TEXT NOT NULL,
      password TEXT NOT NULL,
      totp TEXT NOT NULL,
      totp_step BIGINT NOT NULL,
      PRIMARY KEY (facility, account)
    )`,
    `CREATE TABLE sessions (
      facility TEXT NOT NULL,
      id TEXT NOT NULL,
      expires BIGINT NOT NULL,
      content TEXT NOT NULL,
      PRIMARY KEY (facility, id)
    )`,
    `CREATE INDEX sessions_by_end ON sessions (facility, expires)`,
    `CREATE TABLE tickets (
      facility TEXT NOT NULL,
      hash TEXT NOT NULL,
      account TEXT NOT NULL,
      expires BIGINT NOT NULL,
      used BIGINT,
      PRIMARY KEY (facility, hash)
    )`,
    `CREATE INDEX tickets_by_end ON tickets (facility, expires)`,
    `CREATE TABLE quarantine (
      facility TEXT NOT NULL,
      source TEXT NOT NULL,
      seq BIGINT NOT NULL,
      received BIGINT NOT NULL,
      content TEXT NOT NULL,
      PRIMARY KEY (facility, source, seq)
    )`,
    `CREATE INDEX quarantine_by_time ON quarantine (facility, received)`,
  ],
};
