-- What a session of this database begins with, whatever ours has set since: settings that a query's result may depend on.
SELECT s.name, s.reset_val AS value FROM pg_catalog.pg_settings s
 WHERE s.name IN ('TimeZone', 'DateStyle', 'IntervalStyle', 'extra_float_digits', 'bytea_output', 'default_text_search_config')
 ORDER BY s.name COLLATE pg_catalog."C"
