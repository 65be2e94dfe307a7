-- Where people lived when: the zone that holds for a person from a day on, with a row
-- without a day for the zone before the first move. Who never moved has no rows. And
-- what each run of the planner gave its terms to cost.

-- +goose Up
CREATE TABLE zone_changes (
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    day       TEXT NOT NULL CHECK (day = '' OR length(day) = 10),
    zone      TEXT NOT NULL CHECK (zone <> ''),
    PRIMARY KEY (person_id, day)
) STRICT;

ALTER TABLE runs ADD COLUMN weights TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(weights));
