-- The Google accounts that Windshield uses, with what their owners permitted.
-- Refresh tokens are sealed; the key is in the configuration.

-- +goose Up
CREATE TABLE connections (
    address   TEXT PRIMARY KEY NOT NULL CHECK (address <> ''),
    person_id TEXT REFERENCES people (id),
    kind      TEXT NOT NULL CHECK (kind IN ('delegation', 'consent')),
    state     TEXT NOT NULL CHECK (state IN ('connected', 'needs_reconnecting', 'disconnected')),
    scopes    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    sealed    TEXT NOT NULL CHECK (sealed = '' OR sealed LIKE 's1.%'),
    error     TEXT NOT NULL,
    since     TEXT NOT NULL,
    tried     TEXT NOT NULL,
    epoch     INTEGER NOT NULL CHECK (epoch >= 0),
    version   INTEGER NOT NULL CHECK (version > 0),
    CHECK (state <> 'disconnected' OR sealed = ''),
    CHECK (kind <> 'consent' OR state <> 'connected' OR sealed <> '')
) STRICT;
CREATE INDEX connections_person ON connections (person_id);
