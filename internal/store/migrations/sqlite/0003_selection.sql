-- The selection keeps its whole draw: the frozen list, the design, what was
-- changed afterwards by people, and the list that others would have picked.

-- +goose Up
CREATE TABLE frames (
    id              TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    year            INTEGER NOT NULL,
    hash            TEXT NOT NULL CHECK (length(hash) = 64),
    seed            TEXT NOT NULL CHECK (seed <> ''),
    seed_commitment TEXT NOT NULL CHECK (length(seed_commitment) = 64),
    seeded_at       TEXT NOT NULL,
    customers       INTEGER NOT NULL,
    must            INTEGER NOT NULL,
    left_out        TEXT NOT NULL CHECK (json_valid(left_out)),
    reason          TEXT NOT NULL,
    content         BLOB NOT NULL,
    frozen_at       TEXT NOT NULL,
    frozen_by       TEXT NOT NULL,
    CHECK (seeded_at <= frozen_at)
) STRICT;
CREATE INDEX frames_year ON frames (year, frozen_at);

-- A selection from before this migration has no frame, so it cannot be replayed.
ALTER TABLE selections ADD COLUMN frame_id TEXT REFERENCES frames (id);
ALTER TABLE selections ADD COLUMN draw INTEGER NOT NULL DEFAULT 0;
ALTER TABLE selections ADD COLUMN deviation TEXT NOT NULL DEFAULT '';
ALTER TABLE selections ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE selections ADD COLUMN design TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(design));
ALTER TABLE selections ADD COLUMN record_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE selections ADD COLUMN next_visits TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(next_visits));
ALTER TABLE selections ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version > 0);
UPDATE selections SET draw = (SELECT count(*) FROM selections AS earlier
    WHERE earlier.year = selections.year
      AND (earlier.created_at < selections.created_at OR earlier.created_at = selections.created_at AND earlier.id <= selections.id));
-- Each draw of a year has a number of its own: two first draws cannot be.
CREATE UNIQUE INDEX selections_draw ON selections (year, draw);

ALTER TABLE selection_rows ADD COLUMN key TEXT NOT NULL DEFAULT '';
ALTER TABLE selection_rows ADD COLUMN cell TEXT NOT NULL DEFAULT '';
ALTER TABLE selection_rows ADD COLUMN due REAL NOT NULL DEFAULT 0 CHECK (due >= 0);
ALTER TABLE selection_rows ADD COLUMN in_cell INTEGER NOT NULL DEFAULT 0 CHECK (in_cell >= 0);
CREATE INDEX selection_rows_cell ON selection_rows (selection_id, stratum, cell, rank, customer_id);

-- What people did to a selection after its draw, in order. Nothing is ever
-- changed or deleted here.
CREATE TABLE selection_changes (
    selection_id   TEXT NOT NULL REFERENCES selections (id),
    n              INTEGER NOT NULL CHECK (n > 0),
    kind           TEXT NOT NULL CHECK (kind IN ('refused', 'added', 'removed')),
    customer_id    TEXT NOT NULL REFERENCES customers (id),
    replacement_id TEXT REFERENCES customers (id),
    code           TEXT NOT NULL CHECK ((kind = 'refused') = (code <> '')),
    reason         TEXT NOT NULL CHECK (kind = 'refused' OR reason <> ''),
    at             TEXT NOT NULL,
    by_id          TEXT NOT NULL,
    PRIMARY KEY (selection_id, n),
    CHECK (replacement_id IS NULL OR kind = 'refused')
) STRICT;

-- The list that the account teams would have picked, for comparison only.
CREATE TABLE selection_lists (
    selection_id TEXT PRIMARY KEY NOT NULL REFERENCES selections (id),
    name         TEXT NOT NULL,
    customers    TEXT NOT NULL CHECK (json_valid(customers)),
    unknown      TEXT NOT NULL CHECK (json_valid(unknown)),
    brought_at   TEXT NOT NULL,
    brought_by   TEXT NOT NULL
) STRICT;

-- How the same design comes out when it is drawn again and again.
CREATE TABLE selection_redraws (
    selection_id TEXT PRIMARY KEY NOT NULL REFERENCES selections (id),
    content      BLOB NOT NULL
) STRICT;
