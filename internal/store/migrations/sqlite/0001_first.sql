-- The first schema of Windshield. The Postgres twin of this file has the same
-- tables, columns and index names. Dates are text (YYYY-MM-DD, '' for none),
-- instants are text in UTC with microseconds, so that text order is time order.
-- Key columns are NOT NULL; what refers to nothing is NULL only where a foreign
-- key stands on it, and no such column is part of a unique key.

-- +goose Up
CREATE TABLE people (
    id             TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    key            TEXT NOT NULL,
    name           TEXT NOT NULL,
    folded         TEXT NOT NULL,
    email          TEXT NOT NULL,
    phone          TEXT NOT NULL,
    function       TEXT NOT NULL,
    zone           TEXT NOT NULL,
    roles          TEXT NOT NULL CHECK (json_valid(roles)),
    serves         TEXT NOT NULL CHECK (json_valid(serves)),
    since          TEXT NOT NULL CHECK (since = '' OR length(since) = 10),
    office_city    TEXT NOT NULL,
    office_region  TEXT NOT NULL,
    office_country TEXT NOT NULL,
    office_lat     REAL NOT NULL CHECK (office_lat BETWEEN -90 AND 90),
    office_lon     REAL NOT NULL CHECK (office_lon BETWEEN -180 AND 180),
    calendar       TEXT NOT NULL,
    tags           TEXT NOT NULL CHECK (json_valid(tags)),
    max_per_week   INTEGER NOT NULL,
    max_per_month  INTEGER NOT NULL,
    target_visits  INTEGER NOT NULL,
    last_visit     TEXT NOT NULL CHECK (last_visit = '' OR length(last_visit) = 10),
    version        INTEGER NOT NULL CHECK (version > 0)
) STRICT;
CREATE UNIQUE INDEX people_key ON people (key) WHERE key <> '';
CREATE UNIQUE INDEX people_email ON people (email) WHERE email <> '';
CREATE INDEX people_name ON people (folded, id);

CREATE TABLE absences (
    person_id TEXT NOT NULL REFERENCES people (id),
    n         INTEGER NOT NULL,
    first_day TEXT NOT NULL CHECK (length(first_day) = 10),
    last_day  TEXT NOT NULL CHECK (length(last_day) = 10),
    reason    TEXT NOT NULL,
    PRIMARY KEY (person_id, n),
    CHECK (first_day <= last_day)
) STRICT;

CREATE TABLE customers (
    id               TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    key              TEXT NOT NULL CHECK (key <> ''),
    name             TEXT NOT NULL,
    folded           TEXT NOT NULL,
    address          TEXT NOT NULL,
    city             TEXT NOT NULL,
    region           TEXT NOT NULL,
    country          TEXT NOT NULL,
    lat              REAL NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon              REAL NOT NULL CHECK (lon BETWEEN -180 AND 180),
    zone             TEXT NOT NULL,
    host_id          TEXT REFERENCES people (id),
    revenue          REAL NOT NULL,
    employees        INTEGER NOT NULL,
    dimension_values TEXT NOT NULL CHECK (json_valid(dimension_values)),
    requires         TEXT NOT NULL CHECK (json_valid(requires)),
    prefers          TEXT NOT NULL CHECK (json_valid(prefers)),
    windows          TEXT NOT NULL CHECK (json_valid(windows)),
    blackouts        TEXT NOT NULL CHECK (json_valid(blackouts)),
    min_spacing_days INTEGER NOT NULL,
    must             INTEGER NOT NULL CHECK (must IN (0, 1)),
    contact_name     TEXT NOT NULL,
    contact_email    TEXT NOT NULL,
    contact_phone    TEXT NOT NULL,
    version          INTEGER NOT NULL CHECK (version > 0)
) STRICT;
CREATE UNIQUE INDEX customers_key ON customers (key);
CREATE INDEX customers_name ON customers (folded, id);
CREATE INDEX customers_host ON customers (host_id, folded, id);

CREATE TABLE imports (
    id         TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    kind       TEXT NOT NULL,
    file_name  TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('uploaded', 'confirmed')),
    mapping    TEXT NOT NULL CHECK (json_valid(mapping)),
    counts     TEXT NOT NULL CHECK (json_valid(counts)),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    done_at    TEXT NOT NULL,
    version    INTEGER NOT NULL CHECK (version > 0)
) STRICT;
CREATE INDEX imports_created ON imports (created_at);

CREATE TABLE import_files (
    import_id TEXT PRIMARY KEY NOT NULL REFERENCES imports (id),
    data      BLOB NOT NULL
) STRICT;

CREATE TABLE selections (
    id              TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    year            INTEGER NOT NULL,
    name            TEXT NOT NULL,
    dimensions      TEXT NOT NULL CHECK (json_valid(dimensions)),
    visits          INTEGER NOT NULL,
    seed            TEXT NOT NULL,
    frame_hash      TEXT NOT NULL,
    seed_commitment TEXT NOT NULL,
    strata          TEXT NOT NULL CHECK (json_valid(strata)),
    merge_log       TEXT NOT NULL CHECK (json_valid(merge_log)),
    warnings        TEXT NOT NULL CHECK (json_valid(warnings)),
    created_at      TEXT NOT NULL,
    created_by      TEXT NOT NULL
) STRICT;
CREATE INDEX selections_year ON selections (year, created_at);

CREATE TABLE selection_rows (
    selection_id TEXT NOT NULL REFERENCES selections (id),
    customer_id  TEXT NOT NULL REFERENCES customers (id),
    stratum      TEXT NOT NULL,
    taken        INTEGER NOT NULL CHECK (taken IN (0, 1)),
    must         INTEGER NOT NULL CHECK (must IN (0, 1)),
    excluded     TEXT NOT NULL,
    pi           REAL NOT NULL CHECK (pi BETWEEN 0 AND 1),
    weight       REAL NOT NULL CHECK (weight >= 0),
    u            REAL NOT NULL CHECK (u BETWEEN 0 AND 1),
    rank         INTEGER NOT NULL,
    PRIMARY KEY (selection_id, customer_id)
) STRICT;
CREATE INDEX selection_rows_rank ON selection_rows (selection_id, stratum, rank, customer_id);
CREATE INDEX selection_rows_customer ON selection_rows (customer_id);

CREATE TABLE plans (
    id           TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    year         INTEGER NOT NULL,
    name         TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('draft', 'published', 'superseded')),
    selection_id TEXT REFERENCES selections (id),
    first_day    TEXT NOT NULL CHECK (first_day = '' OR length(first_day) = 10),
    last_day     TEXT NOT NULL CHECK (last_day = '' OR length(last_day) = 10),
    seed         INTEGER NOT NULL,
    cost         TEXT NOT NULL CHECK (json_valid(cost)),
    unassigned   TEXT NOT NULL CHECK (json_valid(unassigned)),
    created_at   TEXT NOT NULL,
    created_by   TEXT NOT NULL,
    published_at TEXT NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0)
) STRICT;
CREATE UNIQUE INDEX plans_published ON plans (year) WHERE state = 'published';
CREATE INDEX plans_created ON plans (created_at);

CREATE TABLE runs (
    id           TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    plan_name    TEXT NOT NULL,
    selection_id TEXT REFERENCES selections (id),
    seed         INTEGER NOT NULL,
    seconds      INTEGER NOT NULL,
    iterations   INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    stop         INTEGER NOT NULL CHECK (stop IN (0, 1)),
    cost         TEXT NOT NULL CHECK (json_valid(cost)),
    trail        TEXT NOT NULL CHECK (json_valid(trail)),
    plan_id      TEXT REFERENCES plans (id),
    error        TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    created_by   TEXT NOT NULL,
    started_at   TEXT NOT NULL,
    ended_at     TEXT NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0)
) STRICT;
CREATE INDEX runs_created ON runs (created_at);

CREATE TABLE visits (
    id           TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    plan_id      TEXT REFERENCES plans (id),
    label        TEXT NOT NULL,
    customer_id  TEXT NOT NULL REFERENCES customers (id),
    executive_id TEXT NOT NULL REFERENCES people (id),
    host_id      TEXT REFERENCES people (id),
    date         TEXT NOT NULL CHECK (length(date) = 10),
    half         TEXT NOT NULL CHECK (half IN ('am', 'pm')),
    zone         TEXT NOT NULL,
    begins       TEXT NOT NULL,
    ends         TEXT NOT NULL,
    start_at     TEXT NOT NULL,
    end_at       TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('proposed', 'published', 'held', 'no_show', 'declined', 'cancelled')),
    reason       TEXT NOT NULL,
    answer       TEXT NOT NULL CHECK (answer IN ('', 'needs_action', 'accepted', 'tentative', 'declined')),
    answer_note  TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('', 'onsite', 'online', 'trade_show', 'conference')),
    with_host    INTEGER NOT NULL CHECK (with_host IN (0, 1)),
    stratum      TEXT NOT NULL,
    group_name   TEXT NOT NULL,
    objective    TEXT NOT NULL,
    why          TEXT NOT NULL,
    pinned       INTEGER NOT NULL CHECK (pinned IN (0, 1)),
    conflict     TEXT NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0)
) STRICT;
CREATE INDEX visits_date ON visits (date, half, id);
CREATE INDEX visits_plan ON visits (plan_id, date, half, id);
CREATE INDEX visits_executive ON visits (executive_id, date, half, id);
CREATE INDEX visits_host ON visits (host_id, date, half, id);
CREATE INDEX visits_customer ON visits (customer_id, date, half, id);

-- One row per person and half-day, whatever takes it: this key is what makes a
-- double booking impossible. A released half-day has no row.
CREATE TABLE bookings (
    person_id TEXT NOT NULL REFERENCES people (id),
    date      TEXT NOT NULL CHECK (length(date) = 10),
    half      TEXT NOT NULL CHECK (half IN ('am', 'pm')),
    kind      TEXT NOT NULL CHECK (kind IN ('visit', 'leave', 'travel')),
    visit_id  TEXT REFERENCES visits (id),
    PRIMARY KEY (person_id, date, half),
    CHECK ((kind = 'visit') = (visit_id IS NOT NULL))
) STRICT;
CREATE INDEX bookings_visit ON bookings (visit_id);
CREATE INDEX bookings_date ON bookings (date);

CREATE TABLE calendar_events (
    visit_id  TEXT PRIMARY KEY NOT NULL REFERENCES visits (id),
    calendar  TEXT NOT NULL,
    event_id  TEXT NOT NULL,
    desired   INTEGER NOT NULL,
    applied   INTEGER NOT NULL,
    confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    over      INTEGER NOT NULL CHECK (over IN (0, 1)),
    want      TEXT NOT NULL CHECK (json_valid(want)),
    base      TEXT NOT NULL CHECK (json_valid(base)),
    state     TEXT NOT NULL CHECK (state IN ('waiting', 'applied', 'parked', 'conflict')),
    problem   TEXT NOT NULL,
    tries     INTEGER NOT NULL,
    updated   TEXT NOT NULL,
    version   INTEGER NOT NULL CHECK (version > 0)
) STRICT;
CREATE UNIQUE INDEX calendar_events_event ON calendar_events (calendar, event_id) WHERE event_id <> '';
CREATE INDEX calendar_events_state ON calendar_events (calendar, state);

-- What a calendar was brought to is never forgotten, whoever writes last.
-- +goose StatementBegin
CREATE TRIGGER calendar_events_applied BEFORE UPDATE ON calendar_events
WHEN NEW.applied < OLD.applied
BEGIN
    SELECT RAISE(ABORT, 'calendar_events_applied');
END;
-- +goose StatementEnd

CREATE TABLE calendar_cursors (
    calendar     TEXT PRIMARY KEY NOT NULL CHECK (calendar <> ''),
    cursor       TEXT NOT NULL CHECK (json_valid(cursor)),
    last_success TEXT NOT NULL,
    last_try     TEXT NOT NULL,
    error        TEXT NOT NULL,
    needs_action INTEGER NOT NULL CHECK (needs_action IN (0, 1)),
    version      INTEGER NOT NULL CHECK (version > 0)
) STRICT;

CREATE TABLE alerts (
    person_id  TEXT NOT NULL REFERENCES people (id),
    breach     TEXT NOT NULL CHECK (length(breach) = 10),
    last_visit TEXT NOT NULL CHECK (last_visit = '' OR length(last_visit) = 10),
    open       INTEGER NOT NULL CHECK (open IN (0, 1)),
    reason     TEXT NOT NULL,
    raised_at  TEXT NOT NULL,
    settled_at TEXT NOT NULL,
    PRIMARY KEY (person_id, breach)
) STRICT;
CREATE INDEX alerts_breach ON alerts (breach);

CREATE TABLE deliveries (
    id         TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    about      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    channel    TEXT NOT NULL,
    person_id  TEXT NOT NULL REFERENCES people (id),
    message_id TEXT NOT NULL,
    subject    TEXT NOT NULL,
    body       TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('to_send', 'sending', 'sent', 'refused')),
    error      TEXT NOT NULL,
    created_at TEXT NOT NULL,
    sent_at    TEXT NOT NULL,
    version    INTEGER NOT NULL CHECK (version > 0)
) STRICT;
CREATE UNIQUE INDEX deliveries_once ON deliveries (about, person_id, channel, kind);

CREATE TABLE login_links (
    hash      TEXT PRIMARY KEY NOT NULL CHECK (hash <> ''),
    person_id TEXT NOT NULL REFERENCES people (id),
    expires   TEXT NOT NULL,
    used      INTEGER NOT NULL CHECK (used IN (0, 1))
) STRICT;
CREATE INDEX login_links_expires ON login_links (expires);

-- The subject is hashed: it is an address of a person or a computer.
CREATE TABLE login_attempts (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    at      TEXT NOT NULL
) STRICT;
CREATE INDEX login_attempts_subject ON login_attempts (subject, at);
CREATE INDEX login_attempts_at ON login_attempts (at);

CREATE TABLE audit (
    seq      INTEGER PRIMARY KEY NOT NULL CHECK (seq > 0),
    at       TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    action   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    detail   TEXT NOT NULL,
    prev     TEXT NOT NULL,
    hash     TEXT NOT NULL
) STRICT;

-- The end of the chain. Locking this row makes the chain a line; remembering it
-- shows when the newest entries are gone.
CREATE TABLE audit_head (
    id   INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    seq  INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

CREATE TABLE idempotency_keys (
    actor_id   TEXT NOT NULL,
    key        TEXT NOT NULL CHECK (key <> ''),
    hash       TEXT NOT NULL,
    done       INTEGER NOT NULL CHECK (done IN (0, 1)),
    answer     BLOB NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (actor_id, key)
) STRICT;
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

CREATE TABLE settings (
    name  TEXT PRIMARY KEY NOT NULL CHECK (name <> ''),
    value TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY NOT NULL CHECK (token_hash <> ''),
    data       BLOB NOT NULL,
    expires    TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_expires ON sessions (expires);
