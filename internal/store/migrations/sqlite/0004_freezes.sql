-- Each freeze of a year has a number of its own, so that two at once cannot promise
-- two seeds; and a list of the account teams says how many lines name nobody.

-- +goose Up
ALTER TABLE frames ADD COLUMN nth INTEGER NOT NULL DEFAULT 0;
UPDATE frames SET nth = (SELECT count(*) FROM frames AS earlier
    WHERE earlier.year = frames.year
      AND (earlier.frozen_at < frames.frozen_at OR earlier.frozen_at = frames.frozen_at AND earlier.id <= frames.id));
CREATE UNIQUE INDEX frames_nth ON frames (year, nth);

ALTER TABLE selection_lists ADD COLUMN unread INTEGER NOT NULL DEFAULT 0 CHECK (unread >= 0);
UPDATE selection_lists SET unread = json_array_length(unknown);
