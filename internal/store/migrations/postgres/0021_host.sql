-- Who at the customer agreed to the agenda as it stands, and when the customer confirmed
-- the visit. What the lists of steps and of statements ask for.

-- +goose Up
ALTER TABLE briefs ADD COLUMN agenda_by text NOT NULL DEFAULT '';
ALTER TABLE briefs ADD COLUMN agenda_on text NOT NULL DEFAULT '';
ALTER TABLE briefs ADD COLUMN confirmed text NOT NULL DEFAULT '';
CREATE INDEX statements_loose ON statements (said_on DESC, id) WHERE claim_id IS NULL AND withdrawn = '';
