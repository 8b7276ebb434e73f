-- Keys, indexes, constraints and statistics.

ALTER TABLE shop.country ADD PRIMARY KEY (code);
ALTER TABLE shop.person ADD PRIMARY KEY (id);
ALTER TABLE shop.employee ADD PRIMARY KEY (id);
ALTER TABLE shop.warehouse ADD PRIMARY KEY (id);
ALTER TABLE shop.category ADD PRIMARY KEY (id);
ALTER TABLE shop.product ADD PRIMARY KEY (id), ADD CONSTRAINT "one SKU each" UNIQUE (sku) INCLUDE (name);
ALTER TABLE shop.customer ADD PRIMARY KEY (id);
ALTER TABLE shop."order" ADD PRIMARY KEY (id, placed_at);
ALTER TABLE shop."Order Items" ADD PRIMARY KEY ("Order", "Placed At", "Line No");
ALTER TABLE shop.payment ADD PRIMARY KEY (id);
ALTER TABLE shop.stock ADD PRIMARY KEY (product_id, warehouse_id);
ALTER TABLE shop.review ADD PRIMARY KEY (id);
ALTER TABLE shop.document ADD PRIMARY KEY (id);
ALTER TABLE shop.audit_log ADD PRIMARY KEY (id);
ALTER TABLE "Archive 2019"."Old Orders" ADD CONSTRAINT "Old Orders: the key" PRIMARY KEY ("No.");

CREATE UNIQUE INDEX customer_email ON shop.customer (email);
CREATE INDEX customer_name_words ON shop.customer USING gin (name public.gin_trgm_ops);
CREATE INDEX customer_tags ON shop.customer USING gin (tags);
CREATE INDEX customer_town ON shop.customer (((home).town));
CREATE INDEX order_customer ON shop."order" (customer_id, placed_at DESC NULLS LAST);
CREATE INDEX order_open ON shop.order_2023 (placed_at) WHERE state = 'new';
CREATE INDEX product_words ON shop.product USING gin (words);
CREATE INDEX product_name ON shop.product (lower(name) text_pattern_ops);
CREATE INDEX page_view_day ON shop.page_view USING brin (day) WITH (pages_per_range = 32);
CREATE INDEX payment_order ON shop.payment USING hash (order_id);
CREATE INDEX warehouse_place ON shop.warehouse USING gist (location);
COMMENT ON INDEX shop.order_open IS 'Partial: only what is still to be done';
ALTER TABLE shop.customer CLUSTER ON customer_email;
ALTER TABLE shop.customer REPLICA IDENTITY USING INDEX customer_email;
ALTER TABLE shop.page_view REPLICA IDENTITY FULL;

ALTER TABLE shop.price_history ADD CONSTRAINT one_price_at_a_time EXCLUDE USING gist (product_id WITH =, valid WITH &&);
ALTER TABLE shop.stock ADD CONSTRAINT not_negative CHECK (quantity >= 0);
ALTER TABLE shop.review ADD CONSTRAINT stars_exist CHECK (stars BETWEEN 1 AND 5) NOT VALID;
ALTER TABLE shop."order" ADD CONSTRAINT note_is_short CHECK (length(note) < 1000);

ALTER TABLE shop.category ADD FOREIGN KEY (parent_id) REFERENCES shop.category;
ALTER TABLE shop.product ADD FOREIGN KEY (category_id) REFERENCES shop.category;
ALTER TABLE shop."order" ADD FOREIGN KEY (customer_id) REFERENCES shop.customer ON UPDATE CASCADE;
ALTER TABLE shop."Order Items" ADD CONSTRAINT "belongs to an order" FOREIGN KEY ("Order", "Placed At") REFERENCES shop."order" ON DELETE CASCADE;
ALTER TABLE shop."Order Items" ADD FOREIGN KEY (product_id) REFERENCES shop.product;
ALTER TABLE shop.stock ADD FOREIGN KEY (product_id) REFERENCES shop.product, ADD FOREIGN KEY (warehouse_id) REFERENCES shop.warehouse;
ALTER TABLE shop.review ADD FOREIGN KEY (product_id) REFERENCES shop.product;

-- Two cycles: customer → order → customer, and warehouse → employee → warehouse.
ALTER TABLE shop.customer ADD CONSTRAINT favourite FOREIGN KEY (favourite_order, favourite_placed)
  REFERENCES shop."order" MATCH FULL ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE shop.employee ADD CONSTRAINT works_at FOREIGN KEY (warehouse_id) REFERENCES shop.warehouse DEFERRABLE;
UPDATE shop.warehouse SET manager_id = 1000 + id;
ALTER TABLE shop.warehouse ADD CONSTRAINT managed_by FOREIGN KEY (manager_id) REFERENCES shop.employee;
COMMENT ON CONSTRAINT favourite ON shop.customer IS 'Closes the cycle between customers and orders';

CREATE STATISTICS shop.product_kinds (ndistinct, dependencies, mcv) ON category_id, discount FROM shop.product;
CREATE STATISTICS shop.customer_initials ON (lower(name)) FROM shop.customer;
COMMENT ON STATISTICS shop.product_kinds IS 'Extended statistics';
