"""Why servers cannot be used"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("servers", sa.Column("trouble", sa.Text(), nullable=False, server_default=""))
