-- The visits of a plan by executive with their versions: what a page looks at to see
-- whether a year is still as it was.

-- +goose Up
CREATE INDEX visits_of_executive ON visits (plan_id, executive_id, id, version);
