-- The automatic throttle: what the source is to be held below (null: not asked for), and the part of their speed at which
-- the lanes go for it, with the reason in words. One lane of the run keeps it up to date.
ALTER TABLE sampan.limits
  ADD COLUMN source_cpu_percent double precision CHECK (source_cpu_percent > 0),
  ADD COLUMN source_latency_milliseconds double precision CHECK (source_latency_milliseconds > 0),
  ADD COLUMN pace double precision NOT NULL DEFAULT 1 CHECK (pace > 0 AND pace <= 1),
  ADD COLUMN pace_reason text;
