-- What explains and compares plans: the problem and the solution of each run, a
-- bound on what the best plan can cost, and scenarios.

-- +goose Up
ALTER TABLE plans ADD COLUMN assumes text COLLATE "C" NOT NULL DEFAULT '';

ALTER TABLE runs ADD COLUMN bound jsonb NOT NULL DEFAULT '{}';
ALTER TABLE runs ADD COLUMN scenario jsonb NOT NULL DEFAULT '{}';
ALTER TABLE runs ADD COLUMN set_id text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN nth bigint NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN brought boolean NOT NULL DEFAULT false;
CREATE INDEX runs_set ON runs (set_id, nth) WHERE set_id <> '';
CREATE INDEX runs_plan ON runs (plan_id);

CREATE TABLE run_files (
    run_id text COLLATE "C" NOT NULL REFERENCES runs (id),
    kind   text COLLATE "C" NOT NULL CHECK (kind IN ('problem', 'solution')),
    data   bytea NOT NULL,
    PRIMARY KEY (run_id, kind)
);
