-- When people's own calendars say that they are busy: nameless spans, as pairs of
-- seconds since 1970 from and to. One row a person, written over at each reading.

-- +goose Up
CREATE TABLE busy_readings (
    person_id text COLLATE "C" PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    calendar  text COLLATE "C" NOT NULL CHECK (calendar <> ''),
    since     timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    spans     jsonb NOT NULL,
    own       jsonb NOT NULL,
    read_at   timestamptz NOT NULL,
    tried_at  timestamptz NOT NULL,
    unknown   text COLLATE "C" NOT NULL
);
