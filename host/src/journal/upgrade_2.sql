-- From version 1 to 2: what the revisions that decided are made of. As in schema.sql.
CREATE TABLE revision (
    id INTEGER PRIMARY KEY REFERENCES term,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    component TEXT NOT NULL, -- SHA-256, in hexadecimal
    params TEXT NOT NULL,
    exact BLOB NOT NULL
) STRICT;

CREATE VIEW revisions AS
SELECT term.value AS revision, r.name, r.version, r.component, r.params
FROM revision AS r
JOIN term ON term.id = r.id;
