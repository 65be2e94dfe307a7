-- What came of visits: debriefs, what is open between a customer and us, and the
-- memos in which we write down what we understood. Who manages whom, since a memo is
-- copied to the manager.

-- +goose Up
ALTER TABLE people ADD COLUMN manager_id text COLLATE "C" NOT NULL DEFAULT '';

CREATE TABLE debriefs (
    visit_id    text COLLATE "C" PRIMARY KEY NOT NULL REFERENCES visits (id),
    customer_id text COLLATE "C" NOT NULL REFERENCES customers (id),
    content     jsonb NOT NULL,
    filed       boolean NOT NULL,
    filed_by    text COLLATE "C" NOT NULL,
    filed_at    timestamptz NOT NULL,
    saved_by    text COLLATE "C" NOT NULL,
    saved_at    timestamptz NOT NULL,
    save_key    text COLLATE "C" NOT NULL,
    version     bigint NOT NULL CHECK (version > 0)
);
CREATE INDEX debriefs_customer ON debriefs (customer_id);

-- Whether the customer's objective was met, as the customer answers: once, and whatever
-- we write meanwhile.
CREATE TABLE objective_answers (
    visit_id text COLLATE "C" PRIMARY KEY NOT NULL REFERENCES visits (id),
    met      text COLLATE "C" NOT NULL CHECK (met IN ('yes', 'partly', 'no')),
    by_name  text COLLATE "C" NOT NULL,
    on_day   text COLLATE "C" NOT NULL
);

CREATE TABLE loops (
    id           text COLLATE "C" PRIMARY KEY NOT NULL CHECK (id <> ''),
    customer_id  text COLLATE "C" NOT NULL REFERENCES customers (id),
    visit_id     text COLLATE "C" REFERENCES visits (id),
    kind         text COLLATE "C" NOT NULL CHECK (kind IN ('information', 'question', 'promise')),
    text         text COLLATE "C" NOT NULL,
    owner_id     text COLLATE "C" NOT NULL REFERENCES people (id),
    opened       text COLLATE "C" NOT NULL,
    due          text COLLATE "C" NOT NULL,
    acknowledged text COLLATE "C" NOT NULL,
    answered     text COLLATE "C" NOT NULL,
    confirmed    text COLLATE "C" NOT NULL,
    confirmed_by text COLLATE "C" NOT NULL,
    reopened     bigint NOT NULL CHECK (reopened >= 0),
    version      bigint NOT NULL CHECK (version > 0)
);
CREATE INDEX loops_customer ON loops (customer_id);
CREATE INDEX loops_visit ON loops (visit_id);
CREATE INDEX loops_owner ON loops (owner_id, confirmed);

CREATE TABLE memos (
    visit_id    text COLLATE "C" PRIMARY KEY NOT NULL REFERENCES visits (id),
    customer_id text COLLATE "C" NOT NULL REFERENCES customers (id),
    lines       jsonb NOT NULL,
    sent        text COLLATE "C" NOT NULL,
    sent_by     text COLLATE "C" NOT NULL,
    to_name     text COLLATE "C" NOT NULL,
    to_email    text COLLATE "C" NOT NULL,
    replied_at  timestamptz NOT NULL,
    saved_by    text COLLATE "C" NOT NULL,
    saved_at    timestamptz NOT NULL,
    version     bigint NOT NULL CHECK (version > 0)
);
