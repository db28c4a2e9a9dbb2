"""After which time without use an allocation ends"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("allocations", sa.Column("idle", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
