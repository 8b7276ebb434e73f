-- Roles are the server's: both servers need them before rights can be granted.

DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['shop_reader', 'shop_clerk'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- it is there, or another session was faster
    END;
  END LOOP;
END
$$;
