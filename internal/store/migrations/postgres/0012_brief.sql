-- The brief of a visit, and the links under which the customer confirms it. What both
-- sides agree on stands with the visit; what is ours alone, in the brief.

-- +goose Up
ALTER TABLE visits ADD COLUMN theirs text NOT NULL DEFAULT '';
ALTER TABLE visits ADD COLUMN theirs_by text NOT NULL DEFAULT '';
ALTER TABLE visits ADD COLUMN theirs_on text NOT NULL DEFAULT '';
ALTER TABLE visits ADD COLUMN agenda jsonb NOT NULL DEFAULT '[]';

CREATE TABLE briefs (
    visit_id  text PRIMARY KEY NOT NULL REFERENCES visits (id),
    people    jsonb NOT NULL,
    questions jsonb NOT NULL,
    elephants jsonb NOT NULL,
    asks      jsonb NOT NULL,
    travel    text NOT NULL,
    version   bigint NOT NULL CHECK (version > 0)
);

-- A link works until it is used, withdrawn or too old. Only the hash of its secret is
-- kept.
CREATE TABLE visit_links (
    id           text PRIMARY KEY NOT NULL CHECK (id <> ''),
    hash         text NOT NULL CHECK (hash <> ''),
    visit_id     text NOT NULL REFERENCES visits (id),
    email        text NOT NULL,
    name         text NOT NULL,
    made_at      timestamptz NOT NULL,
    made_by      text NOT NULL,
    expires      timestamptz NOT NULL,
    used_at      timestamptz NOT NULL,
    withdrawn_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX visit_links_hash ON visit_links (hash);
CREATE INDEX visit_links_visit ON visit_links (visit_id);

-- A message to somebody who is not one of us; person_id is then on whose behalf.
ALTER TABLE deliveries ADD COLUMN to_address text NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN to_name text NOT NULL DEFAULT '';
