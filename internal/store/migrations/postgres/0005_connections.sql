-- The Google accounts that Windshield uses, with what their owners permitted.
-- Refresh tokens are sealed; the key is in the configuration.

-- +goose Up
CREATE TABLE connections (
    address   text COLLATE "C" PRIMARY KEY CHECK (address <> ''),
    person_id text COLLATE "C" REFERENCES people (id),
    kind      text COLLATE "C" NOT NULL CHECK (kind IN ('delegation', 'consent')),
    state     text COLLATE "C" NOT NULL CHECK (state IN ('connected', 'needs_reconnecting', 'disconnected')),
    scopes    text COLLATE "C" NOT NULL,
    subject   text COLLATE "C" NOT NULL,
    sealed    text COLLATE "C" NOT NULL CHECK (sealed = '' OR sealed LIKE 's1.%'),
    error     text COLLATE "C" NOT NULL,
    since     timestamptz NOT NULL,
    tried     timestamptz NOT NULL,
    epoch     bigint NOT NULL CHECK (epoch >= 0),
    version   bigint NOT NULL CHECK (version > 0),
    CHECK (state <> 'disconnected' OR sealed = ''),
    CHECK (kind <> 'consent' OR state <> 'connected' OR sealed <> '')
);
CREATE INDEX connections_person ON connections (person_id);
