-- What customers said, what we only guess, and the claims that rest on it.

-- +goose Up
CREATE TABLE claims (
    id        TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    topic     TEXT NOT NULL,
    text      TEXT NOT NULL CHECK (text <> ''),
    made_by   TEXT NOT NULL,
    made_at   TEXT NOT NULL,
    closed    TEXT NOT NULL,
    closed_by TEXT NOT NULL,
    why       TEXT NOT NULL,
    version   INTEGER NOT NULL CHECK (version > 0)
) STRICT;

CREATE TABLE statements (
    id           TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    customer_id  TEXT NOT NULL REFERENCES customers (id),
    visit_id     TEXT REFERENCES visits (id),
    claim_id     TEXT REFERENCES claims (id),
    source       TEXT NOT NULL CHECK (source IN ('said', 'guessed')),
    origin       TEXT NOT NULL CHECK (origin IN ('debrief', 'memo', 'hand')),
    said_by      TEXT NOT NULL,
    heard_by     TEXT NOT NULL,
    said_on      TEXT NOT NULL,
    about        TEXT NOT NULL,
    topic        TEXT NOT NULL,
    text         TEXT NOT NULL,
    side         TEXT NOT NULL CHECK (side IN ('for', 'against', 'neither')),
    asked        INTEGER NOT NULL CHECK (asked IN (0, 1)),
    checked_on   TEXT NOT NULL,
    over_on      TEXT NOT NULL,
    withdrawn    TEXT NOT NULL,
    withdrawn_by TEXT NOT NULL,
    why          TEXT NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0)
) STRICT;
CREATE INDEX statements_customer ON statements (customer_id);
CREATE INDEX statements_visit ON statements (visit_id);
CREATE INDEX statements_claim ON statements (claim_id);
