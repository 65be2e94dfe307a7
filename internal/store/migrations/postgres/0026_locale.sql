-- In which way a person reads dates, times and numbers; '' for as their browser says.
-- A run that somebody threw away has failed, and is cancelled.

-- +goose Up
ALTER TABLE people ADD COLUMN locale text NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN cancelled boolean NOT NULL DEFAULT false;
