-- Where people lived when: the zone that holds for a person from a day on, with a row
-- without a day for the zone before the first move. Who never moved has no rows. And
-- what each run of the planner gave its terms to cost.

-- +goose Up
CREATE TABLE zone_changes (
    person_id text COLLATE "C" NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    day       text COLLATE "C" NOT NULL CHECK (day = '' OR length(day) = 10),
    zone      text COLLATE "C" NOT NULL CHECK (zone <> ''),
    PRIMARY KEY (person_id, day)
);

ALTER TABLE runs ADD COLUMN weights jsonb NOT NULL DEFAULT '{}';
