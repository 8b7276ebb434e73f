-- dbopt: ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0
-- dstdbopt: ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0
-- ack: COLLATION_DIFFERS
-- Must hold: partitions by hash of a text, from LATIN1 into UTF8 (the hash of "ü" is another there): every row arrives, in the partition where the destination looks for it.
SET client_encoding = 'UTF8';
CREATE TABLE h (id int, t text) PARTITION BY HASH (t); CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 3, REMAINDER 0); CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 3, REMAINDER 1); CREATE TABLE h2 PARTITION OF h FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO h SELECT g, 'ü'||g FROM generate_series(1,300) g;
-- check: select count(*), sum(id) from h
-- dcheck: SELECT count(*) FROM h WHERE t = 'ü7'
-- check: SELECT md5(string_agg(id::text || convert_to(t, 'UTF8')::text, ',' ORDER BY id)) FROM h
