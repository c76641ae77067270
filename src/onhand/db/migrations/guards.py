"""Triggers of the first release, as SQL: what holds for every writer, not only this program."""

# The ledger is append-only for everyone.
SQLITE_GUARD = """
CREATE TRIGGER stock_event_no_{verb} BEFORE {verb} ON stock_event
BEGIN SELECT RAISE(ABORT, 'stock_event is append-only'); END
"""
POSTGRES_GUARD = """
CREATE FUNCTION stock_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'stock_event is append-only'; END $$;
CREATE TRIGGER stock_event_append_only BEFORE UPDATE OR DELETE ON stock_event
FOR EACH STATEMENT EXECUTE FUNCTION stock_event_append_only();
"""

# Every registered SKU has a ledger head, whoever registered it: a SKU without any event is level 0.
SQLITE_HEADS = (
    """
    CREATE TRIGGER sku_gets_head AFTER INSERT ON sku WHEN NEW.status <> 'unregistered'
    BEGIN
        INSERT INTO ledger_head (sku_id, generation) VALUES (NEW.sku_id, NEW.generation);
    END
    """,
    """
    CREATE TRIGGER sku_back_on_ledger AFTER UPDATE OF status ON sku
    WHEN OLD.status = 'unregistered' AND NEW.status <> 'unregistered'
    BEGIN
        UPDATE ledger_head SET registered = TRUE WHERE sku_id = NEW.sku_id;
    END
    """,
)
POSTGRES_HEADS = """
CREATE FUNCTION sku_gets_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_head (sku_id, generation)
    SELECT sku_id, generation FROM added WHERE status <> 'unregistered';
    RETURN NULL;
END $$;
CREATE TRIGGER sku_gets_head AFTER INSERT ON sku REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION sku_gets_head();
CREATE FUNCTION sku_back_on_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger_head SET registered = TRUE WHERE sku_id = NEW.sku_id;
    RETURN NULL;
END $$;
CREATE TRIGGER sku_back_on_ledger AFTER UPDATE OF status ON sku FOR EACH ROW
WHEN (OLD.status = 'unregistered' AND NEW.status <> 'unregistered')
EXECUTE FUNCTION sku_back_on_ledger();
"""
