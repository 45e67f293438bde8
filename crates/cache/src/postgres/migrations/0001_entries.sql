CREATE TABLE siftd_entries (
    name text COLLATE "C" PRIMARY KEY,
    expires_at timestamptz NOT NULL,
    value bytea NOT NULL
);
ALTER TABLE siftd_entries ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE INDEX siftd_entries_expires_at ON siftd_entries (expires_at);
