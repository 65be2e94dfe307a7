-- In which way a person reads dates, times and numbers; '' for as their browser says.

-- +goose Up
ALTER TABLE people ADD COLUMN locale text NOT NULL DEFAULT '';
