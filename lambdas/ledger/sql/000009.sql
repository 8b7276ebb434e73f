-- Lanes that are counted by what their streams bring, not given: `lanes` is then what was found so far, and is changed by the
-- lane that leads. Null: the number of lanes was given, by the task or by somebody while it runs.
ALTER TABLE sampan.limits
  ADD COLUMN most_lanes integer CHECK (most_lanes >= 1),
  ADD COLUMN lane_count jsonb;                    -- how far the counting is, for the next lane that leads

-- What has passed through each lane's stream since the run began; only where lanes are counted.
CREATE TABLE sampan.lane_bytes (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  lane         integer NOT NULL,
  bytes        double precision NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (run, lane)
);
