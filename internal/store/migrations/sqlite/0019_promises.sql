-- What was promised for a year, and who has accepted theirs. A promise is never
-- changed: the one in force is the year's last.

-- +goose Up
CREATE TABLE promises (
    id        TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    year      INTEGER NOT NULL,
    nth       INTEGER NOT NULL CHECK (nth > 0),
    plan_id   TEXT NOT NULL REFERENCES plans (id),
    plan_name TEXT NOT NULL,
    frozen_at TEXT NOT NULL,
    frozen_by TEXT NOT NULL,
    reason    TEXT NOT NULL,
    UNIQUE (year, nth)
) STRICT;

CREATE TABLE promised_visits (
    promise_id   TEXT NOT NULL REFERENCES promises (id),
    visit_id     TEXT NOT NULL,
    customer_id  TEXT NOT NULL,
    executive_id TEXT NOT NULL,
    date         TEXT NOT NULL,
    half         TEXT NOT NULL CHECK (half IN ('am', 'pm')),
    stratum      TEXT NOT NULL,
    group_name   TEXT NOT NULL,
    PRIMARY KEY (promise_id, visit_id)
) STRICT;

CREATE TABLE year_acceptances (
    plan_id      TEXT NOT NULL REFERENCES plans (id),
    executive_id TEXT NOT NULL,
    year         INTEGER NOT NULL,
    accepted_at  TEXT NOT NULL,
    accepted_by  TEXT NOT NULL,
    visits       INTEGER NOT NULL,
    mark         TEXT NOT NULL,
    PRIMARY KEY (plan_id, executive_id)
) STRICT;
CREATE INDEX year_acceptances_year ON year_acceptances (year);
