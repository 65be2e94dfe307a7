-- The brief of a visit, and the links under which the customer confirms it. What both
-- sides agree on stands with the visit; what is ours alone, in the brief.

-- +goose Up
ALTER TABLE visits ADD COLUMN theirs TEXT NOT NULL DEFAULT '';
ALTER TABLE visits ADD COLUMN theirs_by TEXT NOT NULL DEFAULT '';
ALTER TABLE visits ADD COLUMN theirs_on TEXT NOT NULL DEFAULT '';
ALTER TABLE visits ADD COLUMN agenda TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(agenda));

CREATE TABLE briefs (
    visit_id  TEXT PRIMARY KEY NOT NULL REFERENCES visits (id),
    people    TEXT NOT NULL CHECK (json_valid(people)),
    questions TEXT NOT NULL CHECK (json_valid(questions)),
    elephants TEXT NOT NULL CHECK (json_valid(elephants)),
    asks      TEXT NOT NULL CHECK (json_valid(asks)),
    travel    TEXT NOT NULL,
    version   INTEGER NOT NULL CHECK (version > 0)
) STRICT;

-- A link works until it is used, withdrawn or too old. Only the hash of its secret is
-- kept.
CREATE TABLE visit_links (
    id           TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    hash         TEXT NOT NULL CHECK (hash <> ''),
    visit_id     TEXT NOT NULL REFERENCES visits (id),
    email        TEXT NOT NULL,
    name         TEXT NOT NULL,
    made_at      TEXT NOT NULL,
    made_by      TEXT NOT NULL,
    expires      TEXT NOT NULL,
    used_at      TEXT NOT NULL,
    withdrawn_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX visit_links_hash ON visit_links (hash);
CREATE INDEX visit_links_visit ON visit_links (visit_id);

-- A message to somebody who is not one of us; person_id is then on whose behalf.
ALTER TABLE deliveries ADD COLUMN to_address TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN to_name TEXT NOT NULL DEFAULT '';
