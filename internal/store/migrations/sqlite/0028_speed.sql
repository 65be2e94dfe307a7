-- Searches for everything that is held about somebody, which take too long for a page.
-- Rows are gone an hour later, and all of them with any erasure.

-- +goose Up
CREATE TABLE looks (
    id          TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    person_id   TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    name        TEXT NOT NULL,
    email       TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'cancelled')),
    counts      TEXT NOT NULL CHECK (json_valid(counts)),
    tables      INTEGER NOT NULL,
    searched    INTEGER NOT NULL,
    asked_at    TEXT NOT NULL,
    asked_by    TEXT NOT NULL,
    ended_at    TEXT NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0)
) STRICT;

-- Who was drawn in a group, in the order of the draw: one in ten of its customers or fewer.
CREATE INDEX selection_rows_drawn ON selection_rows (selection_id, stratum, rank, customer_id) WHERE taken;
