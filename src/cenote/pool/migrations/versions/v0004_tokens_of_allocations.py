"""By which token an allocation was asked for"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("allocations", sa.Column("token_id", sa.Text(), nullable=True))
