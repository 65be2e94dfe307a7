-- Secret addresses under which calendar programs read somebody's visits, and what
-- executives ask for instead of a visit as it stands.

-- +goose Up
CREATE TABLE feeds (
    person_id TEXT NOT NULL PRIMARY KEY REFERENCES people (id),
    hash      TEXT NOT NULL UNIQUE,
    made_at   TEXT NOT NULL
) STRICT;

-- says is the sentence that stood on the visit when it was asked for: where the visit
-- says something else by now, it has been settled.
CREATE TABLE visit_asks (
    visit_id TEXT NOT NULL PRIMARY KEY REFERENCES visits (id),
    by_id    TEXT NOT NULL,
    at       TEXT NOT NULL,
    changes  TEXT NOT NULL CHECK (json_valid(changes)),
    says     TEXT NOT NULL
) STRICT;
