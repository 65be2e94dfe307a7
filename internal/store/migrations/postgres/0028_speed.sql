-- Searches for everything that is held about somebody, which take too long for a page.
-- Rows are gone an hour later, and all of them with any erasure.

-- +goose Up
CREATE TABLE looks (
    id          text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    person_id   text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    name        text COLLATE "C" NOT NULL,
    email       text COLLATE "C" NOT NULL,
    state       text COLLATE "C" NOT NULL CHECK (state IN ('queued', 'running', 'done', 'cancelled')),
    counts      jsonb NOT NULL,
    tables      bigint NOT NULL,
    searched    bigint NOT NULL,
    asked_at    timestamptz NOT NULL,
    asked_by    text COLLATE "C" NOT NULL,
    ended_at    timestamptz NOT NULL,
    version     bigint NOT NULL CHECK (version > 0)
);

-- Who was drawn in a group, in the order of the draw: one in ten of its customers or fewer.
CREATE INDEX selection_rows_drawn ON selection_rows (selection_id, stratum, rank, customer_id) WHERE taken;
