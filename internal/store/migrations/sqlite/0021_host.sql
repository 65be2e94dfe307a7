-- Who at the customer agreed to the agenda as it stands, and when the customer confirmed
-- the visit. How often something was written from which something else is reckoned: a
-- claim's statements under its id, outcomes of visits under 'held'.

-- +goose Up
ALTER TABLE briefs ADD COLUMN agenda_by TEXT NOT NULL DEFAULT '';
ALTER TABLE briefs ADD COLUMN agenda_on TEXT NOT NULL DEFAULT '';
ALTER TABLE briefs ADD COLUMN confirmed TEXT NOT NULL DEFAULT '';
CREATE INDEX statements_loose ON statements (said_on DESC, id) WHERE claim_id IS NULL AND withdrawn = '';
CREATE INDEX visits_held ON visits (customer_id, date) WHERE state = 'held';
CREATE TABLE stamps (
    name TEXT PRIMARY KEY NOT NULL,
    n    INTEGER NOT NULL
) STRICT;
