"""Tables of imports: files as they came, what each would change, and what became of it."""

import sqlalchemy as sa

from onhand.db.metadata import metadata
from onhand.db.types import UtcTimestamp
from onhand.imports.model.states import ImportState

_STATES = ", ".join(f"'{state}'" for state in ImportState)

# A file by the SHA-256 of its bytes; kept once, however often it is given.
import_file = sa.Table(
    "import_file",
    metadata,
    sa.Column("file_id", sa.Text, primary_key=True),
    sa.Column("upload_id", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("stored_by", sa.Text, nullable=False),
    sa.Column("stored_at", UtcTimestamp, nullable=False),
)

# Its bytes, compressed, in parts small enough for one short transaction each. Parts whose upload
# no file names are left over from an upload that broke off.
import_file_part = sa.Table(
    "import_file_part",
    metadata,
    sa.Column("upload_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("packed", sa.LargeBinary, nullable=False),
)

# One file taken in one way. `choices_key` names the way, so that the same file is not taken twice;
# `turn` counts those that an operator wanted again. `position` is the last change that was
# brought in, and moves in the transaction that did it. While `held_until` lasts nobody but
# `holder` works on it.
file_import = sa.Table(
    "file_import",
    metadata,
    sa.Column("import_id", sa.Text, primary_key=True),
    sa.Column("file_id", sa.Text, sa.ForeignKey("import_file.file_id"), nullable=False),
    sa.Column("choices_key", sa.Text, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("store_id", sa.Text, sa.ForeignKey("store.store_id"), index=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("terms", sa.JSON, nullable=False),
    sa.Column("choices", sa.JSON, nullable=False),
    sa.Column("most_rows", sa.BigInteger, nullable=False),
    sa.Column("facts", sa.JSON),
    sa.Column("problem", sa.JSON),
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Column("rows_read", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("change_count", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("position", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("cancel_asked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.Column("holder", sa.Text),
    sa.Column("held_until", UtcTimestamp),
    sa.Column("task_id", sa.Text),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("asked_at", UtcTimestamp, nullable=False),
    sa.Column("previewed_at", UtcTimestamp),
    sa.Column("confirmed_by", sa.Text),
    sa.Column("confirmed_from", sa.Text),
    sa.Column("confirmed_at", UtcTimestamp),
    sa.Column("ended_at", UtcTimestamp),
    sa.Column("undone_by", sa.Text),
    sa.Column("undone_at", UtcTimestamp),
    sa.UniqueConstraint("file_id", "choices_key", "turn"),
    sa.CheckConstraint(f"state IN ({_STATES})", name="state"),
    sa.CheckConstraint("(holder IS NULL) = (held_until IS NULL)", name="held"),
    sa.CheckConstraint(
        "state NOT IN ('confirmed', 'applied', 'stopped') OR confirmed_at IS NOT NULL",
        name="confirmed",
    ),
)
_pending = sa.text("state IN ('waiting', 'confirmed')")
sa.Index(
    "ix_file_import_pending",
    file_import.c.asked_at,
    sqlite_where=_pending,
    postgresql_where=_pending,
)

# What a file wants of one SKU, and what became of it. `name` and `image_url` are set where they
# would change. `units` is what the file says, `before_units` what was on hand at the preview.
import_change = sa.Table(
    "import_change",
    metadata,
    sa.Column("import_id", sa.Text, sa.ForeignKey("file_import.import_id"), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("line", sa.BigInteger, nullable=False),
    sa.Column("manage_number", sa.Text),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("sku_id", sa.Text, nullable=False),
    sa.Column("is_new", sa.Boolean, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("units", sa.BigInteger),
    sa.Column("before_units", sa.BigInteger),
    sa.Column("after_units", sa.BigInteger),
    sa.Column("reserved_units", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text),
    sa.Column("name_before", sa.Text),
    sa.Column("image_url", sa.Text),
    sa.Column("image_before", sa.Text),
    sa.Column("aliases", sa.JSON, nullable=False),
    sa.Column("flags", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("found_units", sa.BigInteger),
    sa.UniqueConstraint("import_id", "sku_id"),
    sa.CheckConstraint(
        "action IN ('none', 'unchanged', 'set', 'receive', 'blocked', 'conflict')", name="action"
    ),
    sa.CheckConstraint("outcome IN ('applied', 'moved', 'refused', 'left_out')", name="outcome"),
)

# The listing a row names, where it is known to the store and does not mean the row's SKU yet.
import_listing = sa.Table(
    "import_listing",
    metadata,
    sa.Column("import_id", sa.Text, sa.ForeignKey("file_import.import_id"), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("listing_id", sa.Text, primary_key=True),
    sa.Column("line", sa.BigInteger, nullable=False),
    sa.Column("item_key", sa.Text, nullable=False),
    sa.Column("variant_key", sa.Text, nullable=False),
    sa.Column("means_sku_id", sa.Text),
    sa.Column("is_to_map", sa.Boolean, nullable=False),
)

# What is wrong with rows that cannot be taken; of many, the first.
import_fault = sa.Table(
    "import_fault",
    metadata,
    sa.Column("import_id", sa.Text, sa.ForeignKey("file_import.import_id"), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("line", sa.BigInteger, nullable=False),
    sa.Column("fault", sa.Text, nullable=False),
    sa.Column("column_name", sa.Text),
    sa.Column("value", sa.Text, nullable=False),
)

# How a store's files are read, as somebody last said; the empty id stands for files of no store.
import_mapping = sa.Table(
    "import_mapping",
    metadata,
    sa.Column("store_id", sa.Text, primary_key=True),
    sa.Column("choices", sa.JSON, nullable=False),
    sa.Column("set_by", sa.Text, nullable=False),
    sa.Column("set_at", UtcTimestamp, nullable=False),
)
