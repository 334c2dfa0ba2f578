"""The asks of one room are found by the room and their time: a drift is told with who did it.

Revision ID: 0006
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_asks_room", "asks", ["room", "asked_at"], unique=False)
