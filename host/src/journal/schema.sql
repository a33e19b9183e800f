-- The journal's tables and views, version 2. Programs and people read the views; the tables may change.
--
-- Decisions, outcomes, events and quiet rows share one ascending sequence (decision.id, outcome.seq, event.seq,
-- quiet.seq), which is the order in which they were recorded. Times are milliseconds since 1970-01-01 UTC in platform time.

-- Strings that many rows share. `last_used` is no later than the newest row that names the string minus a fixed slack,
-- which lets retention drop strings without looking for their uses.
CREATE TABLE term (
    id INTEGER PRIMARY KEY,
    value TEXT NOT NULL UNIQUE,
    last_used INTEGER NOT NULL
) STRICT;

CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    campaign INTEGER NOT NULL REFERENCES term,
    policy INTEGER NOT NULL REFERENCES term,
    revision INTEGER REFERENCES term,
    arm INTEGER REFERENCES term,
    ratio_before INTEGER NOT NULL, -- hundredths
    proposal REAL,
    ratio INTEGER NOT NULL, -- hundredths
    paused INTEGER NOT NULL,
    sends INTEGER NOT NULL,
    cause INTEGER NOT NULL REFERENCES term,
    reasons INTEGER NOT NULL REFERENCES term,
    utilization REAL,
    agents_available REAL,
    agents_busy REAL,
    answered INTEGER NOT NULL,
    abandoned INTEGER NOT NULL,
    abandonment REAL,
    reading INTEGER NOT NULL REFERENCES term,
    reading_age_ms INTEGER,
    fuel INTEGER,
    took_us INTEGER NOT NULL,
    breaker INTEGER NOT NULL REFERENCES term,
    exact BLOB NOT NULL
) STRICT;
CREATE INDEX decision_by_campaign ON decision (campaign);
CREATE INDEX decision_by_time ON decision (at_ms);

-- What the revisions that decided are made of, so that they can decide again; a row goes with the revision's term.
CREATE TABLE revision (
    id INTEGER PRIMARY KEY REFERENCES term,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    component TEXT NOT NULL, -- SHA-256, in hexadecimal
    params TEXT NOT NULL,
    exact BLOB NOT NULL
) STRICT;

-- Apart from `decision`, so that a decided row never changes and pages stay full. The last one of a decision stands.
CREATE TABLE outcome (
    decision INTEGER NOT NULL REFERENCES decision,
    seq INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    message TEXT,
    exact BLOB,
    PRIMARY KEY (decision, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
    decision INTEGER PRIMARY KEY REFERENCES decision,
    state BLOB NOT NULL
) STRICT;

CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    campaign INTEGER REFERENCES term,
    level INTEGER NOT NULL,
    name INTEGER NOT NULL REFERENCES term,
    message TEXT NOT NULL,
    exact BLOB
) STRICT;
CREATE INDEX event_by_campaign ON event (campaign);
CREATE INDEX event_by_time ON event (at_ms);

-- What only a replay needs, in the sequence of the other rows. Retention drops it with the decisions of its time.
CREATE TABLE quiet (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    campaign INTEGER NOT NULL REFERENCES term,
    exact BLOB NOT NULL
) STRICT;
CREATE INDEX quiet_by_campaign ON quiet (campaign);

-- The newest state of each campaign, for recovery. Retention leaves it alone.
CREATE TABLE campaign_state (
    campaign TEXT PRIMARY KEY,
    state BLOB NOT NULL
) STRICT;

-- One row: no number from here on has been used. It runs ahead of the rows, so that it is seldom written.
CREATE TABLE sequence (next INTEGER NOT NULL) STRICT;
INSERT INTO sequence VALUES (1);

CREATE VIEW decisions AS
SELECT
    d.id,
    strftime('%Y-%m-%dT%H:%M:%fZ', d.at_ms / 1000.0, 'unixepoch') AS time,
    d.at_ms,
    campaign.value AS campaign,
    policy.value AS policy,
    revision.value AS revision,
    arm.value AS arm,
    d.ratio_before / 100.0 AS ratio_before,
    d.proposal,
    d.ratio / 100.0 AS ratio,
    iif(d.paused, 'paused', 'active') AS status,
    d.sends,
    cause.value AS cause,
    reasons.value AS reasons,
    d.utilization,
    d.agents_available,
    d.agents_busy,
    d.answered,
    d.abandoned,
    d.abandonment,
    reading.value AS reading,
    d.reading_age_ms,
    d.fuel,
    d.took_us,
    breaker.value AS breaker,
    CASE o.kind
        WHEN 0 THEN 'applied' WHEN 1 THEN 'failed' WHEN 2 THEN 'deferred' WHEN 3 THEN 'superseded' WHEN 4 THEN 'unsent'
        ELSE iif(d.sends, 'pending', 'none')
    END AS outcome,
    o.message AS outcome_message,
    o.at_ms AS outcome_at_ms
FROM decision AS d
LEFT JOIN term AS campaign ON campaign.id = d.campaign
LEFT JOIN term AS policy ON policy.id = d.policy
LEFT JOIN term AS revision ON revision.id = d.revision
LEFT JOIN term AS arm ON arm.id = d.arm
LEFT JOIN term AS cause ON cause.id = d.cause
LEFT JOIN term AS reasons ON reasons.id = d.reasons
LEFT JOIN term AS reading ON reading.id = d.reading
LEFT JOIN term AS breaker ON breaker.id = d.breaker
LEFT JOIN outcome AS o
    ON o.decision = d.id AND o.seq = (SELECT max(last.seq) FROM outcome AS last WHERE last.decision = d.id);

CREATE VIEW events AS
SELECT
    e.seq AS id,
    strftime('%Y-%m-%dT%H:%M:%fZ', e.at_ms / 1000.0, 'unixepoch') AS time,
    e.at_ms,
    campaign.value AS campaign,
    CASE e.level WHEN 0 THEN 'info' WHEN 1 THEN 'warn' ELSE 'error' END AS level,
    name.value AS name,
    e.message
FROM event AS e
LEFT JOIN term AS campaign ON campaign.id = e.campaign
LEFT JOIN term AS name ON name.id = e.name;

CREATE VIEW revisions AS
SELECT term.value AS revision, r.name, r.version, r.component, r.params
FROM revision AS r
JOIN term ON term.id = r.id;
