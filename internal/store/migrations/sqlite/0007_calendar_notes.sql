-- What people did to a visit in their calendars, and what came of it, oldest
-- first. Answers that a new time has reset stay readable here.

-- +goose Up
CREATE TABLE calendar_notes (
    visit_id TEXT NOT NULL REFERENCES visits (id),
    n        INTEGER NOT NULL CHECK (n > 0),
    at       TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind <> ''),
    guest    TEXT NOT NULL,
    field    TEXT NOT NULL,
    words    TEXT NOT NULL,
    PRIMARY KEY (visit_id, n)
) STRICT;
