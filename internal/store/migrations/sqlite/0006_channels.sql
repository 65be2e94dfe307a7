-- Push channels by which calendars announce changes, and since when an event has
-- been waiting to become as wanted.

-- +goose Up
CREATE TABLE calendar_channels (
    id       TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    calendar TEXT NOT NULL CHECK (calendar <> ''),
    address  TEXT NOT NULL,
    secret   TEXT NOT NULL CHECK (length(secret) = 64),
    resource TEXT NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('opening', 'open', 'closing', 'closed', 'refused')),
    problem  TEXT NOT NULL,
    opened   TEXT NOT NULL,
    expires  TEXT NOT NULL,
    next_at  TEXT NOT NULL,
    noticed  TEXT NOT NULL,
    version  INTEGER NOT NULL CHECK (version > 0)
) STRICT;
CREATE INDEX calendar_channels_calendar ON calendar_channels (calendar, opened);

ALTER TABLE calendar_events ADD COLUMN wanted_at TEXT NOT NULL DEFAULT '0001-01-01T00:00:00.000000Z';
