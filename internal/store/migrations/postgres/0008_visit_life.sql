-- The life of a visit: agreed with the customer, confirmed by the customer, debriefed.
-- A program from before knows only the states of column "state", so the finer ones
-- stand beside it: "stage" refines "published" and "held", and says nothing of others.

-- +goose Up
ALTER TABLE visits ADD COLUMN stage text NOT NULL DEFAULT '' CHECK (stage IN ('', 'agreed', 'confirmed', 'debriefed'));
ALTER TABLE visits ADD COLUMN code text NOT NULL DEFAULT '';
ALTER TABLE visits ADD COLUMN agreed_with text NOT NULL DEFAULT '';
ALTER TABLE visits ADD COLUMN agreed_on text NOT NULL DEFAULT '';
ALTER TABLE visits ADD COLUMN agreed_what text NOT NULL DEFAULT '';
ALTER TABLE visits ADD COLUMN contacts jsonb NOT NULL DEFAULT '[]';
ALTER TABLE visits ADD COLUMN join_url text NOT NULL DEFAULT '';

-- What happened to a visit, oldest first. by_id is a person or a part of the system.
CREATE TABLE visit_steps (
    visit_id   text NOT NULL REFERENCES visits (id),
    n          bigint NOT NULL CHECK (n > 0),
    at         timestamptz NOT NULL,
    by_id      text NOT NULL,
    from_state text NOT NULL,
    to_state   text NOT NULL,
    code       text NOT NULL,
    words      text NOT NULL,
    was        jsonb NOT NULL,
    now_is     jsonb NOT NULL,
    undone     boolean NOT NULL,
    PRIMARY KEY (visit_id, n)
);
