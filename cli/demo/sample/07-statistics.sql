-- A script is one transaction. Behind rights it could not take the lock of a table whose statistics an autovacuum worker is
-- about to store: that one waits until the transaction that granted them ends.

ANALYZE;
