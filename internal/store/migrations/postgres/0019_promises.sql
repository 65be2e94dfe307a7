-- What was promised for a year, and who has accepted theirs. A promise is never
-- changed: the one in force is the year's last.

-- +goose Up
CREATE TABLE promises (
    id        text COLLATE "C" PRIMARY KEY NOT NULL CHECK (id <> ''),
    year      bigint NOT NULL,
    nth       bigint NOT NULL CHECK (nth > 0),
    plan_id   text COLLATE "C" NOT NULL REFERENCES plans (id),
    plan_name text COLLATE "C" NOT NULL,
    frozen_at timestamptz NOT NULL,
    frozen_by text COLLATE "C" NOT NULL,
    reason    text COLLATE "C" NOT NULL,
    UNIQUE (year, nth)
);

CREATE TABLE promised_visits (
    promise_id   text COLLATE "C" NOT NULL REFERENCES promises (id),
    visit_id     text COLLATE "C" NOT NULL,
    customer_id  text COLLATE "C" NOT NULL,
    executive_id text COLLATE "C" NOT NULL,
    date         text COLLATE "C" NOT NULL,
    half         text COLLATE "C" NOT NULL CHECK (half IN ('am', 'pm')),
    stratum      text COLLATE "C" NOT NULL,
    group_name   text COLLATE "C" NOT NULL,
    PRIMARY KEY (promise_id, visit_id)
);

CREATE TABLE year_acceptances (
    plan_id      text COLLATE "C" NOT NULL REFERENCES plans (id),
    executive_id text COLLATE "C" NOT NULL,
    year         bigint NOT NULL,
    accepted_at  timestamptz NOT NULL,
    accepted_by  text COLLATE "C" NOT NULL,
    visits       bigint NOT NULL,
    mark         text COLLATE "C" NOT NULL,
    PRIMARY KEY (plan_id, executive_id)
);
CREATE INDEX year_acceptances_year ON year_acceptances (year);
