-- What pages ask for often and seldom find.

-- +goose Up
CREATE INDEX visits_to_decide ON visits (date) WHERE conflict <> '';
