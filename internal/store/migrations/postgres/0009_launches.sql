-- How a bulk of changes goes to the calendars: launches with their visits, and
-- the newest report on what the calendars hold.

-- +goose Up
CREATE TABLE launches (
    id         text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    plan_id    text COLLATE "C" NOT NULL REFERENCES plans (id),
    state      text COLLATE "C" NOT NULL CHECK (state IN ('running', 'paused', 'stopped', 'done')),
    reason     text COLLATE "C" NOT NULL,
    budget     jsonb NOT NULL,
    totals     jsonb NOT NULL,
    wave       bigint NOT NULL,
    judged     bigint NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    ended_at   timestamptz NOT NULL,
    version    bigint NOT NULL CHECK (version > 0)
);
CREATE INDEX launches_plan ON launches (plan_id, created_at);
CREATE INDEX launches_state ON launches (state);

-- A visit is held back by at most one launch: the one where its wave is 0.
CREATE TABLE launch_visits (
    launch_id   text COLLATE "C" NOT NULL REFERENCES launches (id),
    visit_id    text COLLATE "C" NOT NULL REFERENCES visits (id),
    calendar    text COLLATE "C" NOT NULL,
    day         text COLLATE "C" NOT NULL CHECK (length(day) = 10),
    effect      text COLLATE "C" NOT NULL,
    mails       bigint NOT NULL CHECK (mails >= 0),
    wave        bigint NOT NULL,
    released_at timestamptz NOT NULL,
    PRIMARY KEY (launch_id, visit_id)
);
CREATE UNIQUE INDEX launch_visits_held ON launch_visits (visit_id) WHERE wave = 0;
CREATE INDEX launch_visits_visit ON launch_visits (visit_id);
CREATE INDEX launch_visits_released ON launch_visits (released_at);

CREATE TABLE verifications (
    id         text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    state      text COLLATE "C" NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    error      text COLLATE "C" NOT NULL,
    findings   jsonb NOT NULL,
    unread     jsonb NOT NULL,
    calendars  bigint NOT NULL,
    read       bigint NOT NULL,
    asked_at   timestamptz NOT NULL,
    asked_by   text COLLATE "C" NOT NULL,
    ended_at   timestamptz NOT NULL,
    version    bigint NOT NULL CHECK (version > 0)
);
