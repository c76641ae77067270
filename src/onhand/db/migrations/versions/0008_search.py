"""Searching SKUs by any part of their code, name or aliases; events by kind and day."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# A trigram of a text's last characters needs two more behind them.
_SQLITE = (
    "CREATE TABLE sku_search_number (number INTEGER PRIMARY KEY, sku_id TEXT NOT NULL UNIQUE)",
    """
    CREATE VIRTUAL TABLE sku_search
    USING fts5(text, content = '', detail = none, tokenize = 'trigram case_sensitive 1')
    """,
    "CREATE VIRTUAL TABLE sku_search_trigram USING fts5vocab(sku_search, instance)",
    """
    CREATE TRIGGER sku_search_added AFTER INSERT ON sku WHEN NEW.search_text <> ''
    BEGIN
        INSERT INTO sku_search_number (sku_id) VALUES (NEW.sku_id);
        INSERT INTO sku_search (rowid, text)
        VALUES (last_insert_rowid(), NEW.search_text || char(10, 10));
    END
    """,
    """
    CREATE TRIGGER sku_search_changed AFTER UPDATE OF search_text ON sku
    WHEN OLD.search_text <> NEW.search_text
    BEGIN
        INSERT INTO sku_search (sku_search, rowid, text)
        SELECT 'delete', number, OLD.search_text || char(10, 10)
        FROM sku_search_number WHERE sku_id = OLD.sku_id;
        INSERT INTO sku_search_number (sku_id) VALUES (NEW.sku_id) ON CONFLICT DO NOTHING;
        INSERT INTO sku_search (rowid, text)
        SELECT number, NEW.search_text || char(10, 10)
        FROM sku_search_number WHERE sku_id = NEW.sku_id;
    END
    """,
    """
    CREATE TRIGGER sku_search_removed AFTER DELETE ON sku
    BEGIN
        INSERT INTO sku_search (sku_search, rowid, text)
        SELECT 'delete', number, OLD.search_text || char(10, 10)
        FROM sku_search_number WHERE sku_id = OLD.sku_id;
        DELETE FROM sku_search_number WHERE sku_id = OLD.sku_id;
    END
    """,
    "INSERT INTO sku_search_number (sku_id) SELECT sku_id FROM sku",
    """
    INSERT INTO sku_search (rowid, text)
    SELECT number, search_text || char(10, 10) FROM sku_search_number JOIN sku USING (sku_id)
    """,
)
# Dear, so that no plan computes it for the rows of a scan. A loop is the quickest way (measured
# against unnest and generate_series): registering SKUs pays for it.
_POSTGRES = (
    r"""
    CREATE FUNCTION sku_trigrams(content text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000
    AS $$
    DECLARE
        marks text := content || E'\n\n';
        grams text[] := '{}';
    BEGIN
        FOR place IN 1 .. length(content) LOOP
            grams[place] := substr(marks, place, 3);
        END LOOP;
        RETURN array_to_tsvector(grams);
    END $$
    """,
    "CREATE INDEX ix_sku_search ON sku USING gin (sku_trigrams(search_text))",
)


def upgrade() -> None:
    """Create the indexes, over what is there already."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if is_sqlite else _POSTGRES:
        op.execute(statement)
    op.create_index(
        "ix_stock_event_kind_happened_at",
        "stock_event",
        [
            "kind",
            "happened_at",
            "sku_id",
            "generation",
            "location_id",
            "on_hand_change",
            "reserved_change",
        ],
    )
