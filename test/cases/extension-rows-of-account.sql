-- dstpg: create role ext_account login createdb createrole
-- dstpg: alter database :db owner to ext_account
-- dstuser: ext_account
-- A trusted extension is made by the account, and its tables belong to the superuser of the server.
CREATE EXTENSION sampan_trusted; INSERT INTO mine VALUES (1);
CREATE TABLE own (a int PRIMARY KEY); INSERT INTO own VALUES (7);
