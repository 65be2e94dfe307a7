-- What the 30-day clock leads to: warnings of a breach to come, who was told of one
-- that is there, and what people said to it. When somebody joined and left.

-- +goose Up
ALTER TABLE people ADD COLUMN joined TEXT NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN left_on TEXT NOT NULL DEFAULT '';

ALTER TABLE alerts ADD COLUMN outcome TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN silent_until TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN seen_on TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN noted_by TEXT NOT NULL DEFAULT '';

-- A rung is told once per breach, so the key decides who tells it.
CREATE TABLE alert_rungs (
    person_id TEXT NOT NULL REFERENCES people (id),
    breach    TEXT NOT NULL CHECK (length(breach) = 10),
    rung      TEXT NOT NULL CHECK (rung IN ('person', 'vp', 'ceo')),
    told_at   TEXT NOT NULL,
    PRIMARY KEY (person_id, breach, rung)
) STRICT;
INSERT INTO alert_rungs SELECT person_id, breach, 'person', raised_at FROM alerts;

-- One of a breach that moved away is void, and may be given again.
CREATE TABLE warnings (
    person_id TEXT NOT NULL REFERENCES people (id),
    breach    TEXT NOT NULL CHECK (length(breach) = 10),
    ahead     INTEGER NOT NULL CHECK (ahead > 0),
    times     INTEGER NOT NULL CHECK (times > 0),
    void      INTEGER NOT NULL CHECK (void IN (0, 1)),
    reason    TEXT NOT NULL,
    given_at  TEXT NOT NULL,
    PRIMARY KEY (person_id, breach, ahead)
) STRICT;
