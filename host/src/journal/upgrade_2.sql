-- From version 1 to 2: what the revisions that decided are made of, and what only a replay needs. As in schema.sql.
CREATE TABLE revision (
    id INTEGER PRIMARY KEY REFERENCES term,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    component TEXT NOT NULL, -- SHA-256, in hexadecimal
    params TEXT NOT NULL,
    exact BLOB NOT NULL
) STRICT;

CREATE TABLE quiet (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    campaign INTEGER NOT NULL REFERENCES term,
    exact BLOB NOT NULL
) STRICT;
CREATE INDEX quiet_by_campaign ON quiet (campaign);

CREATE VIEW revisions AS
SELECT term.value AS revision, r.name, r.version, r.component, r.params
FROM revision AS r
JOIN term ON term.id = r.id;
