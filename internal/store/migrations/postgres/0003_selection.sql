-- The selection keeps its whole draw: the frozen list, the design, what was
-- changed afterwards by people, and the list that others would have picked.

-- +goose Up
CREATE TABLE frames (
    id              text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    year            bigint NOT NULL,
    hash            text COLLATE "C" NOT NULL CHECK (length(hash) = 64),
    seed            text COLLATE "C" NOT NULL CHECK (seed <> ''),
    seed_commitment text COLLATE "C" NOT NULL CHECK (length(seed_commitment) = 64),
    seeded_at       timestamptz NOT NULL,
    customers       bigint NOT NULL,
    must            bigint NOT NULL,
    left_out        jsonb NOT NULL,
    reason          text COLLATE "C" NOT NULL,
    content         bytea NOT NULL,
    frozen_at       timestamptz NOT NULL,
    frozen_by       text COLLATE "C" NOT NULL,
    CHECK (seeded_at <= frozen_at)
);
CREATE INDEX frames_year ON frames (year, frozen_at);

-- A selection from before this migration has no frame, so it cannot be replayed.
ALTER TABLE selections ADD COLUMN frame_id text COLLATE "C" REFERENCES frames (id);
ALTER TABLE selections ADD COLUMN draw bigint NOT NULL DEFAULT 0;
ALTER TABLE selections ADD COLUMN deviation text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE selections ADD COLUMN reason text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE selections ADD COLUMN design jsonb NOT NULL DEFAULT '{}';
ALTER TABLE selections ADD COLUMN record_hash text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE selections ADD COLUMN next_visits jsonb NOT NULL DEFAULT '[]';
ALTER TABLE selections ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version > 0);
UPDATE selections SET draw = (SELECT count(*) FROM selections AS earlier
    WHERE earlier.year = selections.year
      AND (earlier.created_at < selections.created_at OR earlier.created_at = selections.created_at AND earlier.id <= selections.id));
-- Each draw of a year has a number of its own: two first draws cannot be.
CREATE UNIQUE INDEX selections_draw ON selections (year, draw);

ALTER TABLE selection_rows ADD COLUMN key text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE selection_rows ADD COLUMN cell text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE selection_rows ADD COLUMN due double precision NOT NULL DEFAULT 0 CHECK (due >= 0);
ALTER TABLE selection_rows ADD COLUMN in_cell bigint NOT NULL DEFAULT 0 CHECK (in_cell >= 0);
CREATE INDEX selection_rows_cell ON selection_rows (selection_id, stratum, cell, rank, customer_id);

-- What people did to a selection after its draw, in order. Nothing is ever
-- changed or deleted here.
CREATE TABLE selection_changes (
    selection_id   text COLLATE "C" NOT NULL REFERENCES selections (id),
    n              bigint NOT NULL CHECK (n > 0),
    kind           text COLLATE "C" NOT NULL CHECK (kind IN ('refused', 'added', 'removed')),
    customer_id    text COLLATE "C" NOT NULL REFERENCES customers (id),
    replacement_id text COLLATE "C" REFERENCES customers (id),
    code           text COLLATE "C" NOT NULL CHECK ((kind = 'refused') = (code <> '')),
    reason         text COLLATE "C" NOT NULL CHECK (kind = 'refused' OR reason <> ''),
    at             timestamptz NOT NULL,
    by_id          text COLLATE "C" NOT NULL,
    PRIMARY KEY (selection_id, n),
    CHECK (replacement_id IS NULL OR kind = 'refused')
);

-- The list that the account teams would have picked, for comparison only.
CREATE TABLE selection_lists (
    selection_id text COLLATE "C" PRIMARY KEY REFERENCES selections (id),
    name         text COLLATE "C" NOT NULL,
    customers    jsonb NOT NULL,
    unknown      jsonb NOT NULL,
    brought_at   timestamptz NOT NULL,
    brought_by   text COLLATE "C" NOT NULL
);

-- How the same design comes out when it is drawn again and again.
CREATE TABLE selection_redraws (
    selection_id text COLLATE "C" PRIMARY KEY REFERENCES selections (id),
    content      bytea NOT NULL
);
