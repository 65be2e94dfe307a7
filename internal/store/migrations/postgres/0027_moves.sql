-- What visits were besides their places before a change, so that taking it back gives
-- that back too; and what executives ask for instead of a visit, beside what differs.

-- +goose Up
ALTER TABLE plan_steps ADD COLUMN was jsonb NOT NULL DEFAULT '[]';

ALTER TABLE visits ADD COLUMN asked text COLLATE "C" NOT NULL DEFAULT '';

-- What is asked for stood in the place of what differs until now.
UPDATE visits SET asked = conflict, conflict = ''
WHERE conflict <> '' AND EXISTS (SELECT 1 FROM visit_asks a WHERE a.visit_id = visits.id AND a.says = visits.conflict);

-- For those of whom a person has to decide something, whichever of the two it is.
CREATE INDEX visits_open_points ON visits (date) WHERE (conflict <> '' OR asked <> '');
