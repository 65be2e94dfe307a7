-- What the CEO's page adds up, answered from indexes alone. The columns before WHERE
-- are those that are read; the conditions stand in the queries word for word, since
-- only then is such an index used.

-- +goose Up
CREATE INDEX visits_clock ON visits (executive_id, date DESC, id) WHERE state = 'held' AND kind = 'onsite' AND with_host;
CREATE INDEX visits_past ON visits (date, state, kind, with_host, customer_id, executive_id) WHERE state IN ('held', 'no_show');
CREATE INDEX visits_ahead ON visits (date, executive_id, customer_id, half, id, answer, kind, with_host, host_id) WHERE state = 'published';
CREATE INDEX selection_rows_group ON selection_rows (selection_id, customer_id, stratum);
CREATE INDEX customer_turns_day ON customer_turns (customer_id, on_day, noted_at, id, stage);
