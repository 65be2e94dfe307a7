-- What customers said, what we only guess, and the claims that rest on it.

-- +goose Up
CREATE TABLE claims (
    id        text COLLATE "C" PRIMARY KEY NOT NULL CHECK (id <> ''),
    topic     text COLLATE "C" NOT NULL,
    text      text COLLATE "C" NOT NULL CHECK (text <> ''),
    made_by   text COLLATE "C" NOT NULL,
    made_at   timestamptz NOT NULL,
    closed    text COLLATE "C" NOT NULL,
    closed_by text COLLATE "C" NOT NULL,
    why       text COLLATE "C" NOT NULL,
    version   bigint NOT NULL CHECK (version > 0)
);

CREATE TABLE statements (
    id           text COLLATE "C" PRIMARY KEY NOT NULL CHECK (id <> ''),
    customer_id  text COLLATE "C" NOT NULL REFERENCES customers (id),
    visit_id     text COLLATE "C" REFERENCES visits (id),
    claim_id     text COLLATE "C" REFERENCES claims (id),
    source       text COLLATE "C" NOT NULL CHECK (source IN ('said', 'guessed')),
    origin       text COLLATE "C" NOT NULL CHECK (origin IN ('debrief', 'memo', 'hand')),
    said_by      text COLLATE "C" NOT NULL,
    heard_by     text COLLATE "C" NOT NULL,
    said_on      text COLLATE "C" NOT NULL,
    about        text COLLATE "C" NOT NULL,
    topic        text COLLATE "C" NOT NULL,
    text         text COLLATE "C" NOT NULL,
    side         text COLLATE "C" NOT NULL CHECK (side IN ('for', 'against', 'neither')),
    asked        boolean NOT NULL,
    checked_on   text COLLATE "C" NOT NULL,
    over_on      text COLLATE "C" NOT NULL,
    withdrawn    text COLLATE "C" NOT NULL,
    withdrawn_by text COLLATE "C" NOT NULL,
    why          text COLLATE "C" NOT NULL,
    version      bigint NOT NULL CHECK (version > 0)
);
CREATE INDEX statements_customer ON statements (customer_id);
CREATE INDEX statements_visit ON statements (visit_id);
CREATE INDEX statements_claim ON statements (claim_id);
