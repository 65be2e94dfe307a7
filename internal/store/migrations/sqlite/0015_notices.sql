-- Who is told what, when, by which channel, and why not. A message that waits or does
-- not go is kept beside the others, with the reason. The table is made anew:
-- SQLite changes the rule of a column in no other way.

-- +goose Up
CREATE TABLE deliveries_new (
    id          TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    about       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    person_id   TEXT NOT NULL REFERENCES people (id),
    message_id  TEXT NOT NULL,
    subject     TEXT NOT NULL,
    body        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('held', 'to_send', 'sending', 'sent', 'refused', 'skipped')),
    error       TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    sent_at     TEXT NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    to_address  TEXT NOT NULL DEFAULT '',
    to_name     TEXT NOT NULL DEFAULT '',
    why         TEXT NOT NULL DEFAULT '',
    not_before  TEXT NOT NULL DEFAULT '0001-01-01T00:00:00.000000Z',
    digest      TEXT NOT NULL DEFAULT '' CHECK (digest = '' OR length(digest) = 10),
    path        TEXT NOT NULL DEFAULT '',
    unread      INTEGER NOT NULL DEFAULT 0 CHECK (unread IN (0, 1)),
    ticket      TEXT NOT NULL DEFAULT '',
    ticket_hash TEXT NOT NULL DEFAULT '',
    calendar    TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO deliveries_new (id, about, kind, channel, person_id, message_id, subject, body, state, error, created_at, sent_at, version, to_address, to_name)
    SELECT id, about, kind, channel, person_id, message_id, subject, body, state, error, created_at, sent_at, version, to_address, to_name FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_new RENAME TO deliveries;
CREATE UNIQUE INDEX deliveries_once ON deliveries (about, person_id, channel, kind);
CREATE INDEX deliveries_page ON deliveries (person_id, created_at, id) WHERE channel = 'page';
CREATE INDEX deliveries_unread ON deliveries (person_id) WHERE unread = 1;
CREATE INDEX deliveries_held ON deliveries (not_before) WHERE state = 'held';
CREATE INDEX deliveries_waiting ON deliveries (channel, created_at) WHERE state IN ('to_send', 'sending');
CREATE INDEX deliveries_state ON deliveries (channel, state, sent_at);
CREATE INDEX deliveries_ticket ON deliveries (ticket_hash) WHERE ticket_hash <> '';

CREATE TABLE notice_preferences (
    person_id TEXT PRIMARY KEY NOT NULL REFERENCES people (id),
    choices   TEXT NOT NULL CHECK (json_valid(choices)),
    slack     TEXT NOT NULL,
    version   INTEGER NOT NULL CHECK (version > 0)
) STRICT;
