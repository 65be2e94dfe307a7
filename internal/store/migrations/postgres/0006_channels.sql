-- Push channels by which calendars announce changes, and since when an event has
-- been waiting to become as wanted.

-- +goose Up
CREATE TABLE calendar_channels (
    id       text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    calendar text COLLATE "C" NOT NULL CHECK (calendar <> ''),
    address  text COLLATE "C" NOT NULL,
    secret   text COLLATE "C" NOT NULL CHECK (length(secret) = 64),
    resource text COLLATE "C" NOT NULL,
    state    text COLLATE "C" NOT NULL CHECK (state IN ('opening', 'open', 'closing', 'closed', 'refused')),
    problem  text COLLATE "C" NOT NULL,
    opened   timestamptz NOT NULL,
    expires  timestamptz NOT NULL,
    next_at  timestamptz NOT NULL,
    noticed  timestamptz NOT NULL,
    version  bigint NOT NULL CHECK (version > 0)
);
CREATE INDEX calendar_channels_calendar ON calendar_channels (calendar, opened);

ALTER TABLE calendar_events ADD COLUMN wanted_at timestamptz NOT NULL DEFAULT '0001-01-01T00:00:00Z';
