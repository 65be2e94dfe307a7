-- What explains and compares plans: the problem and the solution of each run, a
-- bound on what the best plan can cost, and scenarios.

-- +goose Up
ALTER TABLE plans ADD COLUMN assumes TEXT NOT NULL DEFAULT '';

ALTER TABLE runs ADD COLUMN bound TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(bound));
ALTER TABLE runs ADD COLUMN scenario TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(scenario));
ALTER TABLE runs ADD COLUMN set_id TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN nth INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN brought INTEGER NOT NULL DEFAULT 0 CHECK (brought IN (0, 1));
CREATE INDEX runs_set ON runs (set_id, nth) WHERE set_id <> '';
CREATE INDEX runs_plan ON runs (plan_id);

CREATE TABLE run_files (
    run_id TEXT NOT NULL REFERENCES runs (id),
    kind   TEXT NOT NULL CHECK (kind IN ('problem', 'solution')),
    data   BLOB NOT NULL,
    PRIMARY KEY (run_id, kind)
) STRICT;
