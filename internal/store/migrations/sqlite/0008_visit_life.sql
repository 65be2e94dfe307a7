-- The life of a visit: agreed with the customer, confirmed by the customer, debriefed.
-- A program from before knows only the states of column "state", so the finer ones
-- stand beside it: "stage" refines "published" and "held", and says nothing of others.

-- +goose Up
ALTER TABLE visits ADD COLUMN stage TEXT NOT NULL DEFAULT '' CHECK (stage IN ('', 'agreed', 'confirmed', 'debriefed'));
ALTER TABLE visits ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE visits ADD COLUMN agreed_with TEXT NOT NULL DEFAULT '';
ALTER TABLE visits ADD COLUMN agreed_on TEXT NOT NULL DEFAULT '';
ALTER TABLE visits ADD COLUMN agreed_what TEXT NOT NULL DEFAULT '';
ALTER TABLE visits ADD COLUMN contacts TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(contacts));
ALTER TABLE visits ADD COLUMN join_url TEXT NOT NULL DEFAULT '';

-- What happened to a visit, oldest first. by_id is a person or a part of the system.
CREATE TABLE visit_steps (
    visit_id   TEXT NOT NULL REFERENCES visits (id),
    n          INTEGER NOT NULL CHECK (n > 0),
    at         TEXT NOT NULL,
    by_id      TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    code       TEXT NOT NULL,
    words      TEXT NOT NULL,
    was        TEXT NOT NULL CHECK (json_valid(was)),
    now_is     TEXT NOT NULL CHECK (json_valid(now_is)),
    undone     INTEGER NOT NULL CHECK (undone IN (0, 1)),
    PRIMARY KEY (visit_id, n)
) STRICT;
