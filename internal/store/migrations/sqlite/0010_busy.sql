-- When people's own calendars say that they are busy: nameless spans, as pairs of
-- seconds since 1970 from and to. One row a person, written over at each reading.

-- +goose Up
CREATE TABLE busy_readings (
    person_id TEXT PRIMARY KEY NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    calendar  TEXT NOT NULL CHECK (calendar <> ''),
    since     TEXT NOT NULL,
    until     TEXT NOT NULL,
    spans     TEXT NOT NULL CHECK (json_valid(spans)),
    own       TEXT NOT NULL CHECK (json_valid(own)),
    read_at   TEXT NOT NULL,
    tried_at  TEXT NOT NULL,
    unknown   TEXT NOT NULL
) STRICT;
