CREATE TABLE branch (bid integer PRIMARY KEY, balance integer NOT NULL, filler character(88));
INSERT INTO branch SELECT n, 0, '' FROM generate_series(1, 100) n;
CREATE TABLE narrow (
  aid bigint NOT NULL, bid integer NOT NULL, abalance integer NOT NULL, filler character(84) NOT NULL);
INSERT INTO narrow SELECT n, 1 + n % 100, n % 1000, '' FROM generate_series(1, :count) n;
ALTER TABLE narrow ADD PRIMARY KEY (aid);
CREATE INDEX ON narrow (bid);
ALTER TABLE narrow ADD FOREIGN KEY (bid) REFERENCES branch;
