-- What the 30-day clock leads to: warnings of a breach to come, who was told of one
-- that is there, and what people said to it. When somebody joined and left.

-- +goose Up
ALTER TABLE people ADD COLUMN joined text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN left_on text COLLATE "C" NOT NULL DEFAULT '';

ALTER TABLE alerts ADD COLUMN outcome text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN silent_until text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN seen_on text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN note text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN noted_by text COLLATE "C" NOT NULL DEFAULT '';

-- A rung is told once per breach, so the key decides who tells it.
CREATE TABLE alert_rungs (
    person_id text COLLATE "C" NOT NULL REFERENCES people (id),
    breach    text COLLATE "C" NOT NULL CHECK (length(breach) = 10),
    rung      text COLLATE "C" NOT NULL CHECK (rung IN ('person', 'vp', 'ceo')),
    told_at   timestamptz NOT NULL,
    PRIMARY KEY (person_id, breach, rung)
);
INSERT INTO alert_rungs SELECT person_id, breach, 'person', raised_at FROM alerts;

-- One of a breach that moved away is void, and may be given again.
CREATE TABLE warnings (
    person_id text COLLATE "C" NOT NULL REFERENCES people (id),
    breach    text COLLATE "C" NOT NULL CHECK (length(breach) = 10),
    ahead     bigint NOT NULL CHECK (ahead > 0),
    times     bigint NOT NULL CHECK (times > 0),
    void      boolean NOT NULL,
    reason    text COLLATE "C" NOT NULL,
    given_at  timestamptz NOT NULL,
    PRIMARY KEY (person_id, breach, ahead)
);
