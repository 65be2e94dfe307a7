-- What people did to a visit in their calendars, and what came of it, oldest
-- first. Answers that a new time has reset stay readable here.

-- +goose Up
CREATE TABLE calendar_notes (
    visit_id text NOT NULL REFERENCES visits (id),
    n        bigint NOT NULL CHECK (n > 0),
    at       timestamptz NOT NULL,
    kind     text NOT NULL CHECK (kind <> ''),
    guest    text NOT NULL,
    field    text NOT NULL,
    words    text NOT NULL,
    PRIMARY KEY (visit_id, n)
);
