"""Restorations: what a hub that was restored from a backup remembers, and what stays paused in it.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "restorations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("made", sa.String(length=40), nullable=True),
        sa.Column("here", sa.Integer(), nullable=False),
        sa.Column("elsewhere", sa.Integer(), nullable=False),
        sa.Column("site_sizes", sa.JSON(), nullable=False),
        sa.Column("ended", sa.String(length=40), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restorations")),
    )
    op.add_column("people", sa.Column("paused", sa.String(length=80), nullable=True))
    op.add_column("tokens", sa.Column("paused", sa.String(length=80), nullable=True))
