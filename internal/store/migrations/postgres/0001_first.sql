-- The first schema of Windshield. The SQLite twin of this file has the same
-- tables, columns and index names. Dates are text (YYYY-MM-DD, '' for none).
-- Text is ordered by its bytes (collation C), so that pages and cursors are the
-- same on every server.
-- Key columns are NOT NULL; what refers to nothing is NULL only where a foreign
-- key stands on it, and no such column is part of a unique key.

-- +goose Up
CREATE TABLE people (
    id             text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    key            text COLLATE "C" NOT NULL,
    name           text COLLATE "C" NOT NULL,
    folded         text COLLATE "C" NOT NULL,
    email          text COLLATE "C" NOT NULL,
    phone          text COLLATE "C" NOT NULL,
    function       text COLLATE "C" NOT NULL,
    zone           text COLLATE "C" NOT NULL,
    roles          jsonb NOT NULL,
    serves         jsonb NOT NULL,
    since          text COLLATE "C" NOT NULL CHECK (since = '' OR length(since) = 10),
    office_city    text COLLATE "C" NOT NULL,
    office_region  text COLLATE "C" NOT NULL,
    office_country text COLLATE "C" NOT NULL,
    office_lat     double precision NOT NULL CHECK (office_lat BETWEEN -90 AND 90),
    office_lon     double precision NOT NULL CHECK (office_lon BETWEEN -180 AND 180),
    calendar       text COLLATE "C" NOT NULL,
    tags           jsonb NOT NULL,
    max_per_week   bigint NOT NULL,
    max_per_month  bigint NOT NULL,
    target_visits  bigint NOT NULL,
    last_visit     text COLLATE "C" NOT NULL CHECK (last_visit = '' OR length(last_visit) = 10),
    version        bigint NOT NULL CHECK (version > 0)
);
CREATE UNIQUE INDEX people_key ON people (key) WHERE key <> '';
CREATE UNIQUE INDEX people_email ON people (email) WHERE email <> '';
CREATE INDEX people_name ON people (folded, id);

CREATE TABLE absences (
    person_id text COLLATE "C" NOT NULL REFERENCES people (id),
    n         bigint NOT NULL,
    first_day text COLLATE "C" NOT NULL CHECK (length(first_day) = 10),
    last_day  text COLLATE "C" NOT NULL CHECK (length(last_day) = 10),
    reason    text COLLATE "C" NOT NULL,
    PRIMARY KEY (person_id, n),
    CHECK (first_day <= last_day)
);

CREATE TABLE customers (
    id               text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    key              text COLLATE "C" NOT NULL CHECK (key <> ''),
    name             text COLLATE "C" NOT NULL,
    folded           text COLLATE "C" NOT NULL,
    address          text COLLATE "C" NOT NULL,
    city             text COLLATE "C" NOT NULL,
    region           text COLLATE "C" NOT NULL,
    country          text COLLATE "C" NOT NULL,
    lat              double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon              double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    zone             text COLLATE "C" NOT NULL,
    host_id          text COLLATE "C" REFERENCES people (id),
    revenue          double precision NOT NULL,
    employees        bigint NOT NULL,
    dimension_values jsonb NOT NULL,
    requires         jsonb NOT NULL,
    prefers          jsonb NOT NULL,
    windows          jsonb NOT NULL,
    blackouts        jsonb NOT NULL,
    min_spacing_days bigint NOT NULL,
    must             boolean NOT NULL,
    contact_name     text COLLATE "C" NOT NULL,
    contact_email    text COLLATE "C" NOT NULL,
    contact_phone    text COLLATE "C" NOT NULL,
    version          bigint NOT NULL CHECK (version > 0)
);
CREATE UNIQUE INDEX customers_key ON customers (key);
CREATE INDEX customers_dimension_values ON customers USING gin (dimension_values jsonb_path_ops);
CREATE INDEX customers_name ON customers (folded, id);
CREATE INDEX customers_host ON customers (host_id, folded, id);

CREATE TABLE imports (
    id         text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    kind       text COLLATE "C" NOT NULL,
    file_name  text COLLATE "C" NOT NULL,
    state      text COLLATE "C" NOT NULL CHECK (state IN ('uploaded', 'confirmed')),
    mapping    jsonb NOT NULL,
    counts     jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    done_at    timestamptz NOT NULL,
    version    bigint NOT NULL CHECK (version > 0)
);
CREATE INDEX imports_created ON imports (created_at);

CREATE TABLE import_files (
    import_id text COLLATE "C" PRIMARY KEY REFERENCES imports (id),
    data      bytea NOT NULL
);

CREATE TABLE selections (
    id              text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    year            bigint NOT NULL,
    name            text COLLATE "C" NOT NULL,
    dimensions      jsonb NOT NULL,
    visits          bigint NOT NULL,
    seed            text COLLATE "C" NOT NULL,
    frame_hash      text COLLATE "C" NOT NULL,
    seed_commitment text COLLATE "C" NOT NULL,
    strata          jsonb NOT NULL,
    merge_log       jsonb NOT NULL,
    warnings        jsonb NOT NULL,
    created_at      timestamptz NOT NULL,
    created_by      text COLLATE "C" NOT NULL
);
CREATE INDEX selections_year ON selections (year, created_at);

CREATE TABLE selection_rows (
    selection_id text COLLATE "C" NOT NULL REFERENCES selections (id),
    customer_id  text COLLATE "C" NOT NULL REFERENCES customers (id),
    stratum      text COLLATE "C" NOT NULL,
    taken        boolean NOT NULL,
    must         boolean NOT NULL,
    excluded     text COLLATE "C" NOT NULL,
    pi           double precision NOT NULL CHECK (pi BETWEEN 0 AND 1),
    weight       double precision NOT NULL CHECK (weight >= 0),
    u            double precision NOT NULL CHECK (u BETWEEN 0 AND 1),
    rank         bigint NOT NULL,
    PRIMARY KEY (selection_id, customer_id)
);
CREATE INDEX selection_rows_rank ON selection_rows (selection_id, stratum, rank, customer_id);
CREATE INDEX selection_rows_customer ON selection_rows (customer_id);

CREATE TABLE plans (
    id           text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    year         bigint NOT NULL,
    name         text COLLATE "C" NOT NULL,
    state        text COLLATE "C" NOT NULL CHECK (state IN ('draft', 'published', 'superseded')),
    selection_id text COLLATE "C" REFERENCES selections (id),
    first_day    text COLLATE "C" NOT NULL CHECK (first_day = '' OR length(first_day) = 10),
    last_day     text COLLATE "C" NOT NULL CHECK (last_day = '' OR length(last_day) = 10),
    seed         bigint NOT NULL,
    cost         jsonb NOT NULL,
    unassigned   jsonb NOT NULL,
    created_at   timestamptz NOT NULL,
    created_by   text COLLATE "C" NOT NULL,
    published_at timestamptz NOT NULL,
    version      bigint NOT NULL CHECK (version > 0)
);
CREATE UNIQUE INDEX plans_published ON plans (year) WHERE state = 'published';
CREATE INDEX plans_created ON plans (created_at);

CREATE TABLE runs (
    id           text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    plan_name    text COLLATE "C" NOT NULL,
    selection_id text COLLATE "C" REFERENCES selections (id),
    seed         bigint NOT NULL,
    seconds      bigint NOT NULL,
    iterations   bigint NOT NULL,
    state        text COLLATE "C" NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    stop         boolean NOT NULL,
    cost         jsonb NOT NULL,
    trail        jsonb NOT NULL,
    plan_id      text COLLATE "C" REFERENCES plans (id),
    error        text COLLATE "C" NOT NULL,
    created_at   timestamptz NOT NULL,
    created_by   text COLLATE "C" NOT NULL,
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz NOT NULL,
    version      bigint NOT NULL CHECK (version > 0)
);
CREATE INDEX runs_created ON runs (created_at);

CREATE TABLE visits (
    id           text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    plan_id      text COLLATE "C" REFERENCES plans (id),
    label        text COLLATE "C" NOT NULL,
    customer_id  text COLLATE "C" NOT NULL REFERENCES customers (id),
    executive_id text COLLATE "C" NOT NULL REFERENCES people (id),
    host_id      text COLLATE "C" REFERENCES people (id),
    date         text COLLATE "C" NOT NULL CHECK (length(date) = 10),
    half         text COLLATE "C" NOT NULL CHECK (half IN ('am', 'pm')),
    zone         text COLLATE "C" NOT NULL,
    begins       text COLLATE "C" NOT NULL,
    ends         text COLLATE "C" NOT NULL,
    start_at     timestamptz NOT NULL,
    end_at       timestamptz NOT NULL,
    state        text COLLATE "C" NOT NULL CHECK (state IN ('proposed', 'published', 'held', 'no_show', 'declined', 'cancelled')),
    reason       text COLLATE "C" NOT NULL,
    answer       text COLLATE "C" NOT NULL CHECK (answer IN ('', 'needs_action', 'accepted', 'tentative', 'declined')),
    answer_note  text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL CHECK (kind IN ('', 'onsite', 'online', 'trade_show', 'conference')),
    with_host    boolean NOT NULL,
    stratum      text COLLATE "C" NOT NULL,
    group_name   text COLLATE "C" NOT NULL,
    objective    text COLLATE "C" NOT NULL,
    why          text COLLATE "C" NOT NULL,
    pinned       boolean NOT NULL,
    conflict     text COLLATE "C" NOT NULL,
    version      bigint NOT NULL CHECK (version > 0)
);
CREATE INDEX visits_date ON visits (date, half, id);
CREATE INDEX visits_plan ON visits (plan_id, date, half, id);
CREATE INDEX visits_executive ON visits (executive_id, date, half, id);
CREATE INDEX visits_host ON visits (host_id, date, half, id);
CREATE INDEX visits_customer ON visits (customer_id, date, half, id);

-- One row per person and half-day, whatever takes it: this key is what makes a
-- double booking impossible. A released half-day has no row.
CREATE TABLE bookings (
    person_id text COLLATE "C" NOT NULL REFERENCES people (id),
    date      text COLLATE "C" NOT NULL CHECK (length(date) = 10),
    half      text COLLATE "C" NOT NULL CHECK (half IN ('am', 'pm')),
    kind      text COLLATE "C" NOT NULL CHECK (kind IN ('visit', 'leave', 'travel')),
    visit_id  text COLLATE "C" REFERENCES visits (id),
    PRIMARY KEY (person_id, date, half),
    CHECK ((kind = 'visit') = (visit_id IS NOT NULL))
);
CREATE INDEX bookings_visit ON bookings (visit_id);
CREATE INDEX bookings_date ON bookings (date);

CREATE TABLE calendar_events (
    visit_id  text COLLATE "C" PRIMARY KEY REFERENCES visits (id),
    calendar  text COLLATE "C" NOT NULL,
    event_id  text COLLATE "C" NOT NULL,
    desired   bigint NOT NULL,
    applied   bigint NOT NULL,
    confirmed boolean NOT NULL,
    over      boolean NOT NULL,
    want      jsonb NOT NULL,
    base      jsonb NOT NULL,
    state     text COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'applied', 'parked', 'conflict')),
    problem   text COLLATE "C" NOT NULL,
    tries     bigint NOT NULL,
    updated   timestamptz NOT NULL,
    version   bigint NOT NULL CHECK (version > 0)
);
CREATE UNIQUE INDEX calendar_events_event ON calendar_events (calendar, event_id) WHERE event_id <> '';
CREATE INDEX calendar_events_state ON calendar_events (calendar, state);

-- What a calendar was brought to is never forgotten, whoever writes last.
-- +goose StatementBegin
CREATE FUNCTION calendar_events_applied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'calendar_events_applied', MESSAGE = 'calendar_events_applied';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER calendar_events_applied BEFORE UPDATE ON calendar_events
    FOR EACH ROW WHEN (NEW.applied < OLD.applied) EXECUTE FUNCTION calendar_events_applied();

CREATE TABLE calendar_cursors (
    calendar     text COLLATE "C" PRIMARY KEY CHECK (calendar <> ''),
    cursor       jsonb NOT NULL,
    last_success timestamptz NOT NULL,
    last_try     timestamptz NOT NULL,
    error        text COLLATE "C" NOT NULL,
    needs_action boolean NOT NULL,
    version      bigint NOT NULL CHECK (version > 0)
);

CREATE TABLE alerts (
    person_id  text COLLATE "C" NOT NULL REFERENCES people (id),
    breach     text COLLATE "C" NOT NULL CHECK (length(breach) = 10),
    last_visit text COLLATE "C" NOT NULL CHECK (last_visit = '' OR length(last_visit) = 10),
    open       boolean NOT NULL,
    reason     text COLLATE "C" NOT NULL,
    raised_at  timestamptz NOT NULL,
    settled_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, breach)
);
CREATE INDEX alerts_breach ON alerts (breach);

CREATE TABLE deliveries (
    id         text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    about      text COLLATE "C" NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    channel    text COLLATE "C" NOT NULL,
    person_id  text COLLATE "C" NOT NULL REFERENCES people (id),
    message_id text COLLATE "C" NOT NULL,
    subject    text COLLATE "C" NOT NULL,
    body       text COLLATE "C" NOT NULL,
    state      text COLLATE "C" NOT NULL CHECK (state IN ('to_send', 'sending', 'sent', 'refused')),
    error      text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at    timestamptz NOT NULL,
    version    bigint NOT NULL CHECK (version > 0)
);
CREATE UNIQUE INDEX deliveries_once ON deliveries (about, person_id, channel, kind);

CREATE TABLE login_links (
    hash      text COLLATE "C" PRIMARY KEY CHECK (hash <> ''),
    person_id text COLLATE "C" NOT NULL REFERENCES people (id),
    expires   timestamptz NOT NULL,
    used      boolean NOT NULL
);
CREATE INDEX login_links_expires ON login_links (expires);

-- The subject is hashed: it is an address of a person or a computer.
CREATE TABLE login_attempts (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text COLLATE "C" NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX login_attempts_subject ON login_attempts (subject, at);
CREATE INDEX login_attempts_at ON login_attempts (at);

CREATE TABLE audit (
    seq      bigint PRIMARY KEY CHECK (seq > 0),
    at       timestamptz NOT NULL,
    actor_id text COLLATE "C" NOT NULL,
    action   text COLLATE "C" NOT NULL,
    subject  text COLLATE "C" NOT NULL,
    detail   text COLLATE "C" NOT NULL,
    prev     text COLLATE "C" NOT NULL,
    hash     text COLLATE "C" NOT NULL
);

-- The end of the chain. Locking this row makes the chain a line; remembering it
-- shows when the newest entries are gone.
CREATE TABLE audit_head (
    id   bigint PRIMARY KEY CHECK (id = 1),
    seq  bigint NOT NULL,
    hash text COLLATE "C" NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

CREATE TABLE idempotency_keys (
    actor_id   text COLLATE "C" NOT NULL,
    key        text COLLATE "C" NOT NULL CHECK (key <> ''),
    hash       text COLLATE "C" NOT NULL,
    done       boolean NOT NULL,
    answer     bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (actor_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

CREATE TABLE settings (
    name  text COLLATE "C" PRIMARY KEY CHECK (name <> ''),
    value text COLLATE "C" NOT NULL
);

CREATE TABLE sessions (
    token_hash text COLLATE "C" PRIMARY KEY CHECK (token_hash <> ''),
    data       bytea NOT NULL,
    expires    timestamptz NOT NULL
);
CREATE INDEX sessions_expires ON sessions (expires);
