-- Makes one statement after the other and tells those that fail, with the statement's number. What fails under our own path is
-- tried once more under the source's, which some statements are made under.
CREATE FUNCTION sampan_probe.rehearse(statements text[], source_path text)
RETURNS TABLE (number integer, state text, message text) LANGUAGE plpgsql AS $$
BEGIN
  FOR at IN 1 .. pg_catalog.cardinality(statements) LOOP
    BEGIN
      EXECUTE statements[at];
    EXCEPTION WHEN OTHERS THEN
      number := at;
      state := SQLSTATE;
      message := SQLERRM;
      BEGIN
        PERFORM pg_catalog.set_config('search_path', source_path, true);
        EXECUTE statements[at];
        PERFORM pg_catalog.set_config('search_path', '', true);
      EXCEPTION WHEN OTHERS THEN
        RETURN NEXT;
      END;
    END;
  END LOOP;
END
$$
