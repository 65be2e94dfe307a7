-- Secret addresses under which calendar programs read somebody's visits, and what
-- executives ask for instead of a visit as it stands.

-- +goose Up
CREATE TABLE feeds (
    person_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES people (id),
    hash      text COLLATE "C" NOT NULL UNIQUE,
    made_at   timestamptz NOT NULL
);

-- says is the sentence that stood on the visit when it was asked for: where the visit
-- says something else by now, it has been settled.
CREATE TABLE visit_asks (
    visit_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES visits (id),
    by_id    text COLLATE "C" NOT NULL,
    at       timestamptz NOT NULL,
    changes  jsonb NOT NULL,
    says     text COLLATE "C" NOT NULL
);
