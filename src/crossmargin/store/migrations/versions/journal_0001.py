"""Journal, snapshots and the one writer; rows of the first two can only be added."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None
branch_labels: Final = None
depends_on: Final = None

APPEND_ONLY: Final = """
CREATE FUNCTION crossmargin_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the % is append-only: correct it by a new record', TG_TABLE_NAME;
END $$
"""


def upgrade() -> None:
    """Make the tables, with triggers that refuse every change but a new row."""
    for name in ("journal", "snapshot"):
        op.create_table(
            name,
            sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("body", sa.LargeBinary, nullable=False),
            sa.Column("hash", sa.LargeBinary, nullable=False),
        )
    op.create_table(
        "writer",
        sa.Column("only_one", sa.Boolean, primary_key=True, server_default=sa.true()),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("snapshot_sequence", sa.BigInteger, nullable=False),
        sa.CheckConstraint("only_one", name="writer_is_one"),
    )
    genesis = "decode(repeat('00', 32), 'hex')"
    op.execute(f"INSERT INTO writer VALUES (true, 0, '', 0, {genesis}, 0)")
    op.execute(APPEND_ONLY)
    for name in ("journal", "snapshot"):
        op.execute(
            f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name}"
            " FOR EACH STATEMENT EXECUTE FUNCTION crossmargin_append_only()"
        )


def downgrade() -> None:
    """Refused: it would drop what may only be added to."""
    raise NotImplementedError("a journal is not taken down by a migration")
