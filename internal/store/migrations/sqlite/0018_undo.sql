-- What people changed in a plan by hand, so that it can be taken back.

-- +goose Up
CREATE TABLE plan_steps (
    id        TEXT PRIMARY KEY,
    plan_id   TEXT NOT NULL REFERENCES plans (id),
    n         INTEGER NOT NULL CHECK (n > 0),
    at        TEXT NOT NULL,
    by_id     TEXT NOT NULL,
    changes   TEXT NOT NULL,
    price     TEXT NOT NULL,
    words     TEXT NOT NULL,
    undoes    TEXT NOT NULL DEFAULT '',
    undone_by TEXT NOT NULL DEFAULT '',
    UNIQUE (plan_id, n)
) STRICT;
