-- Who is told what, when, by which channel, and why not. A message that waits or does
-- not go is kept beside the others, with the reason. The table is made anew:
-- SQLite changes the rule of a column in no other way.

-- +goose Up
CREATE TABLE deliveries_new (
    id          text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    about       text COLLATE "C" NOT NULL,
    kind        text COLLATE "C" NOT NULL,
    channel     text COLLATE "C" NOT NULL,
    person_id   text COLLATE "C" NOT NULL REFERENCES people (id),
    message_id  text COLLATE "C" NOT NULL,
    subject     text COLLATE "C" NOT NULL,
    body        text COLLATE "C" NOT NULL,
    state       text COLLATE "C" NOT NULL CHECK (state IN ('held', 'to_send', 'sending', 'sent', 'refused', 'skipped')),
    error       text COLLATE "C" NOT NULL,
    created_at  timestamptz NOT NULL,
    sent_at     timestamptz NOT NULL,
    version     bigint NOT NULL CHECK (version > 0),
    to_address  text COLLATE "C" NOT NULL DEFAULT '',
    to_name     text COLLATE "C" NOT NULL DEFAULT '',
    why         text COLLATE "C" NOT NULL DEFAULT '',
    not_before  timestamptz NOT NULL DEFAULT '0001-01-01T00:00:00Z',
    digest      text COLLATE "C" NOT NULL DEFAULT '' CHECK (digest = '' OR length(digest) = 10),
    path        text COLLATE "C" NOT NULL DEFAULT '',
    unread      boolean NOT NULL DEFAULT false,
    ticket      text COLLATE "C" NOT NULL DEFAULT '',
    ticket_hash text COLLATE "C" NOT NULL DEFAULT '',
    calendar    text COLLATE "C" NOT NULL DEFAULT ''
);
INSERT INTO deliveries_new (id, about, kind, channel, person_id, message_id, subject, body, state, error, created_at, sent_at, version, to_address, to_name)
    SELECT id, about, kind, channel, person_id, message_id, subject, body, state, error, created_at, sent_at, version, to_address, to_name FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_new RENAME TO deliveries;
CREATE UNIQUE INDEX deliveries_once ON deliveries (about, person_id, channel, kind);
CREATE INDEX deliveries_page ON deliveries (person_id, created_at, id) WHERE channel = 'page';
CREATE INDEX deliveries_unread ON deliveries (person_id) WHERE unread;
CREATE INDEX deliveries_held ON deliveries (not_before) WHERE state = 'held';
CREATE INDEX deliveries_waiting ON deliveries (channel, created_at) WHERE state IN ('to_send', 'sending');
CREATE INDEX deliveries_state ON deliveries (channel, state, sent_at);
CREATE INDEX deliveries_ticket ON deliveries (ticket_hash) WHERE ticket_hash <> '';

CREATE TABLE notice_preferences (
    person_id text COLLATE "C" PRIMARY KEY REFERENCES people (id),
    choices   jsonb NOT NULL,
    slack     text COLLATE "C" NOT NULL,
    version   bigint NOT NULL CHECK (version > 0)
);
