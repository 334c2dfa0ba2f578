"""Findings that somebody has dealt with stay, with who and how.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("findings", sa.Column("closed", sa.String(length=40), nullable=True))
    op.add_column("findings", sa.Column("closed_by", sa.String(length=80), nullable=True))
    op.add_column("findings", sa.Column("reason", sa.Text(), nullable=True))
    op.create_index("ix_findings_closed", "findings", ["closed"], unique=False)
