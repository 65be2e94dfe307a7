-- What came of visits: debriefs, what is open between a customer and us, and the
-- memos in which we write down what we understood. Who manages whom, since a memo is
-- copied to the manager.

-- +goose Up
ALTER TABLE people ADD COLUMN manager_id TEXT NOT NULL DEFAULT '';

CREATE TABLE debriefs (
    visit_id    TEXT PRIMARY KEY NOT NULL REFERENCES visits (id),
    customer_id TEXT NOT NULL REFERENCES customers (id),
    content     TEXT NOT NULL CHECK (json_valid(content)),
    filed       INTEGER NOT NULL CHECK (filed IN (0, 1)),
    filed_by    TEXT NOT NULL,
    filed_at    TEXT NOT NULL,
    saved_by    TEXT NOT NULL,
    saved_at    TEXT NOT NULL,
    save_key    TEXT NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0)
) STRICT;
CREATE INDEX debriefs_customer ON debriefs (customer_id);

-- Whether the customer's objective was met, as the customer answers: once, and whatever
-- we write meanwhile.
CREATE TABLE objective_answers (
    visit_id TEXT PRIMARY KEY NOT NULL REFERENCES visits (id),
    met      TEXT NOT NULL CHECK (met IN ('yes', 'partly', 'no')),
    by_name  TEXT NOT NULL,
    on_day   TEXT NOT NULL
) STRICT;

CREATE TABLE loops (
    id           TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    customer_id  TEXT NOT NULL REFERENCES customers (id),
    visit_id     TEXT REFERENCES visits (id),
    kind         TEXT NOT NULL CHECK (kind IN ('information', 'question', 'promise')),
    text         TEXT NOT NULL,
    owner_id     TEXT NOT NULL REFERENCES people (id),
    opened       TEXT NOT NULL,
    due          TEXT NOT NULL,
    acknowledged TEXT NOT NULL,
    answered     TEXT NOT NULL,
    confirmed    TEXT NOT NULL,
    confirmed_by TEXT NOT NULL,
    reopened     INTEGER NOT NULL CHECK (reopened >= 0),
    version      INTEGER NOT NULL CHECK (version > 0)
) STRICT;
CREATE INDEX loops_customer ON loops (customer_id);
CREATE INDEX loops_visit ON loops (visit_id);
CREATE INDEX loops_owner ON loops (owner_id, confirmed);

CREATE TABLE memos (
    visit_id    TEXT PRIMARY KEY NOT NULL REFERENCES visits (id),
    customer_id TEXT NOT NULL REFERENCES customers (id),
    lines       TEXT NOT NULL CHECK (json_valid(lines)),
    sent        TEXT NOT NULL,
    sent_by     TEXT NOT NULL,
    to_name     TEXT NOT NULL,
    to_email    TEXT NOT NULL,
    replied_at  TEXT NOT NULL,
    saved_by    TEXT NOT NULL,
    saved_at    TEXT NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0)
) STRICT;
