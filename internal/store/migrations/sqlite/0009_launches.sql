-- How a bulk of changes goes to the calendars: launches with their visits, and
-- the newest report on what the calendars hold.

-- +goose Up
CREATE TABLE launches (
    id         TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    plan_id    TEXT NOT NULL REFERENCES plans (id),
    state      TEXT NOT NULL CHECK (state IN ('running', 'paused', 'stopped', 'done')),
    reason     TEXT NOT NULL,
    budget     TEXT NOT NULL CHECK (json_valid(budget)),
    totals     TEXT NOT NULL CHECK (json_valid(totals)),
    wave       INTEGER NOT NULL,
    judged     INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    ended_at   TEXT NOT NULL,
    version    INTEGER NOT NULL CHECK (version > 0)
) STRICT;
CREATE INDEX launches_plan ON launches (plan_id, created_at);
CREATE INDEX launches_state ON launches (state);

-- A visit is held back by at most one launch: the one where its wave is 0.
CREATE TABLE launch_visits (
    launch_id   TEXT NOT NULL REFERENCES launches (id),
    visit_id    TEXT NOT NULL REFERENCES visits (id),
    calendar    TEXT NOT NULL,
    day         TEXT NOT NULL CHECK (length(day) = 10),
    effect      TEXT NOT NULL,
    mails       INTEGER NOT NULL CHECK (mails >= 0),
    wave        INTEGER NOT NULL,
    released_at TEXT NOT NULL,
    PRIMARY KEY (launch_id, visit_id)
) STRICT;
CREATE UNIQUE INDEX launch_visits_held ON launch_visits (visit_id) WHERE wave = 0;
CREATE INDEX launch_visits_visit ON launch_visits (visit_id);
CREATE INDEX launch_visits_released ON launch_visits (released_at);

CREATE TABLE verifications (
    id         TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    state      TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    error      TEXT NOT NULL,
    findings   TEXT NOT NULL CHECK (json_valid(findings)),
    unread     TEXT NOT NULL CHECK (json_valid(unread)),
    calendars  INTEGER NOT NULL,
    read       INTEGER NOT NULL,
    asked_at   TEXT NOT NULL,
    asked_by   TEXT NOT NULL,
    ended_at   TEXT NOT NULL,
    version    INTEGER NOT NULL CHECK (version > 0)
) STRICT;
