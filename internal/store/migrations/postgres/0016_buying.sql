-- Customers' ways through their own buying, and the reasons for visits that come late
-- in it or at the end of our quarter.

-- +goose Up
CREATE TABLE customer_turns (
    id          text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    customer_id text COLLATE "C" NOT NULL REFERENCES customers (id),
    stage       text COLLATE "C" NOT NULL CHECK (stage <> ''),
    action      text COLLATE "C" NOT NULL,
    says        text COLLATE "C" NOT NULL,
    on_day      text COLLATE "C" NOT NULL CHECK (length(on_day) = 10),
    visit_id    text COLLATE "C" REFERENCES visits (id),
    by_id       text COLLATE "C" NOT NULL,
    noted_at    timestamptz NOT NULL,
    latest      boolean NOT NULL
);
CREATE INDEX customer_turns_customer ON customer_turns (customer_id);
-- What a debrief tells has the visit's id, so that there is one at most.
CREATE INDEX customer_turns_visit ON customer_turns (visit_id);
CREATE INDEX customer_turns_stage ON customer_turns (stage, latest);

-- What debriefs have told so far. The list could not be changed before.
INSERT INTO customer_turns (id, customer_id, stage, action, says, on_day, visit_id, by_id, noted_at, latest)
WITH actions (code, stage, says) AS (VALUES
    ('told_change', 'change', 'told us what has changed at their place'),
    ('named_problem', 'discontent', 'named a problem and what it costs them'),
    ('gave_up_old_way', 'discontent', 'said that they will not go on as before'),
    ('named_needs', 'research', 'said what they need, in their own words'),
    ('named_deciders', 'research', 'named who decides, and how'),
    ('brought_colleagues', 'research', 'brought colleagues who will use it'),
    ('asked_offer', 'comparison', 'asked for an offer or a demonstration'),
    ('named_rivals', 'comparison', 'told us with whom they compare us'),
    ('asked_references', 'fear', 'asked for references'),
    ('named_doubts', 'fear', 'said what could go wrong, or who is against it'),
    ('said_yes', 'commitment', 'said yes, or ordered'),
    ('named_start', 'commitment', 'named a day on which they begin'),
    ('agreed_measures', 'expectations', 'agreed how success is measured'),
    ('asked_help', 'expectations', 'asked for help with what they bought'),
    ('confirmed_use', 'satisfaction', 'confirmed that it does what they expected'),
    ('recommended_us', 'satisfaction', 'recommended us to others'),
    ('chose_other', 'change', 'chose somebody else'),
    ('put_off', 'discontent', 'put the matter off'))
SELECT d.visit_id, d.customer_id, a.stage, a.code, a.says, v.date, d.visit_id, d.filed_by, d.filed_at, false
FROM debriefs d JOIN visits v ON v.id = d.visit_id JOIN actions a ON a.code = d.content ->> 'Action'
WHERE d.filed AND d.content -> 'Held' = 'true'::jsonb;
UPDATE customer_turns SET latest = true WHERE id IN (SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY on_day DESC, noted_at DESC, id DESC) AS n FROM customer_turns) x WHERE n = 1);

-- A reason is for a visit on a day: one that comes back to the day has it still.
CREATE TABLE visit_reasons (
    visit_id text COLLATE "C" NOT NULL REFERENCES visits (id),
    on_day   text COLLATE "C" NOT NULL CHECK (length(on_day) = 10),
    brakes   jsonb NOT NULL,
    reason   text COLLATE "C" NOT NULL,
    by_id    text COLLATE "C" NOT NULL,
    given_at timestamptz NOT NULL,
    PRIMARY KEY (visit_id, on_day)
);
CREATE INDEX visit_reasons_day ON visit_reasons (on_day);
