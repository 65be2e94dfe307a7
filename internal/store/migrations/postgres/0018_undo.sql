-- What people changed in a plan by hand, so that it can be taken back.

-- +goose Up
CREATE TABLE plan_steps (
    id        text COLLATE "C" PRIMARY KEY,
    plan_id   text COLLATE "C" NOT NULL REFERENCES plans (id),
    n         bigint NOT NULL CHECK (n > 0),
    at        timestamptz NOT NULL,
    by_id     text COLLATE "C" NOT NULL,
    changes   jsonb NOT NULL,
    price     jsonb NOT NULL,
    words     text COLLATE "C" NOT NULL,
    undoes    text COLLATE "C" NOT NULL DEFAULT '',
    undone_by text COLLATE "C" NOT NULL DEFAULT '',
    UNIQUE (plan_id, n)
);
