-- What the database is, on servers from 9.4: the locale's provider came with 15 and changed its column with 17.
SELECT d.datname::text AS name,
       pg_catalog.pg_encoding_to_char(d.encoding)::text AS encoding,
       d.datcollate::text AS collate,
       d.datctype::text AS ctype,
       COALESCE(pg_catalog.row_to_json(d) ->> 'datlocprovider', 'c') AS provider,
       COALESCE(pg_catalog.row_to_json(d) ->> 'datlocale', pg_catalog.row_to_json(d) ->> 'daticulocale') AS locale,
       pg_catalog.row_to_json(d) ->> 'daticurules' AS rules
  FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
