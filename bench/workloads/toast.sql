CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, body text NOT NULL, raw bytea NOT NULL);
INSERT INTO document
SELECT n, 'document ' || n, (SELECT string_agg(md5((n * 100 + k)::text), ' ') FROM generate_series(1, 100) k),
       (SELECT decode(string_agg(md5((n * 300 + k)::text), ''), 'hex') FROM generate_series(1, 300) k)
  FROM generate_series(1, :count) n;
CREATE INDEX ON document (title);
