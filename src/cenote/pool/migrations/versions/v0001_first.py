"""The first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", Big, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_table(
        "groups",
        sa.Column("id", Big, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("max_devices", Big, nullable=True),
        sa.Column("max_memory", Big, nullable=True),
        sa.Column("revision", Big, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_groups"),
        sa.UniqueConstraint("name", name="uq_groups_name"),
    )
    op.create_index("ix_groups_revision", "groups", ["revision"])
    op.create_table(
        "pool",
        sa.Column("id", Big, nullable=False),
        sa.Column("revision", Big, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pool"),
    )
    op.create_table(
        "revisions",
        sa.Column("number", Big, autoincrement=False, nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("tables", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_revisions"),
    )
    op.create_table(
        "servers",
        sa.Column("id", Big, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("serial", Big, nullable=False),
        sa.Column(
            "state",
            sa.Enum("ready", "doubtful", "unreachable", name="serverstate", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("draining", sa.Boolean(), nullable=False),
        sa.Column("revision", Big, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_servers"),
        sa.UniqueConstraint("name", name="uq_servers_name"),
    )
    op.create_index("ix_servers_revision", "servers", ["revision"])
    op.create_table(
        "devices",
        sa.Column("id", Big, nullable=False),
        sa.Column("server_id", Big, nullable=False),
        sa.Column("index", Big, nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("driver_version", sa.Text(), nullable=False),
        sa.Column("memory", Big, nullable=False),
        sa.Column("compute_units", Big, nullable=False),
        sa.Column("overhead", Big, nullable=False),
        sa.ForeignKeyConstraint(["server_id"], ["servers.id"], name="fk_devices_server_id"),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
        sa.UniqueConstraint("server_id", "index", name="uq_devices_server_id_index"),
    )
    op.create_table(
        "users",
        sa.Column("id", Big, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("admin", "user", "server", "viewer", name="role", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("group_id", Big, nullable=True),
        sa.Column("max_devices", Big, nullable=True),
        sa.Column("max_memory", Big, nullable=True),
        sa.Column("used", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("revision", Big, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_users_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_index("ix_users_revision", "users", ["revision"])
    op.create_table(
        "allocations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", Big, nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("waiting", "placing", "active", "releasing", "ended", name="state", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "released", "cancelled", "timed out", "expired", "lost", name="outcome", native_enum=False, length=16
            ),
            nullable=True,
        ),
        sa.Column("epoch", Big, nullable=False),
        sa.Column("count", Big, nullable=False),
        sa.Column("weight", Big, nullable=True),
        sa.Column("memory", Big, nullable=True),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("term", Big, nullable=False),
        sa.Column("wait", Big, nullable=True),
        sa.Column("priority", Big, nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("round_trips", sa.JSON(), nullable=False),
        sa.Column("submitted_at", sa.Double(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=True),
        sa.Column("ends_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("revision", Big, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_allocations_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_allocations"),
        sa.UniqueConstraint("user_id", "key", name="uq_allocations_user_id_key"),
    )
    op.create_index("ix_allocations_revision", "allocations", ["revision"])
    op.create_index("ix_allocations_state_user_id", "allocations", ["state", "user_id"])
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", Big, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tokens_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
    )
    op.create_index("ix_tokens_user_id", "tokens", ["user_id"])
    op.create_table(
        "usage",
        sa.Column("id", Big, nullable=False),
        sa.Column("user_id", Big, nullable=False),
        sa.Column("device_id", Big, nullable=False),
        sa.Column("allocation_id", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("memory", Big, nullable=False),
        sa.Column("weight", Big, nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_usage_device_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_usage_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_usage"),
    )
    op.create_index("ix_usage_ended_at", "usage", ["ended_at"])
    op.create_table(
        "parts",
        sa.Column("id", Big, nullable=False),
        sa.Column("allocation_id", sa.Text(), nullable=False),
        sa.Column("epoch", Big, nullable=False),
        sa.Column("device_id", Big, nullable=False),
        sa.Column("server_id", Big, nullable=False),
        sa.Column("memory", Big, nullable=False),
        sa.Column("weight", Big, nullable=False),
        sa.Column(
            "state",
            sa.Enum("asked", "held", "releasing", name="partstate", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("serial", Big, nullable=True),
        sa.Column("term", Big, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["allocation_id"], ["allocations.id"], name="fk_parts_allocation_id"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_parts_device_id"),
        sa.ForeignKeyConstraint(["server_id"], ["servers.id"], name="fk_parts_server_id"),
        sa.PrimaryKeyConstraint("id", name="pk_parts"),
        sa.UniqueConstraint("allocation_id", "epoch", "device_id", name="uq_parts_allocation_id_epoch_device_id"),
    )
    op.create_index("ix_parts_device_id", "parts", ["device_id"])
    op.create_index("ix_parts_server_id", "parts", ["server_id"])
    op.execute("INSERT INTO pool (id, revision) VALUES (1, 0)")
