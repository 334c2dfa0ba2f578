"""People's second factors, invitations, outside identities and groups; roles; grants' terms; requests; cuts measured.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("display", sa.String(length=240), nullable=True))
    op.add_column("people", sa.Column("mail", sa.String(length=320), nullable=True))
    op.add_column("people", sa.Column("managed_by", sa.String(length=80), nullable=True))
    op.add_column("people", sa.Column("external_id", sa.String(length=255), nullable=True))
    op.add_column("web_sessions", sa.Column("how", sa.String(length=20), nullable=False, server_default="password"))
    op.add_column("web_sessions", sa.Column("strong", sa.Boolean(), nullable=False, server_default=sa.text("0")))
    op.add_column("web_sessions", sa.Column("issuer", sa.String(length=255), nullable=True))
    op.add_column("web_sessions", sa.Column("outside", sa.String(length=255), nullable=True))
    op.add_column("web_sessions", sa.Column("outside_session", sa.String(length=255), nullable=True))
    op.add_column("web_sessions", sa.Column("agent", sa.String(length=240), nullable=True))
    op.add_column("tokens", sa.Column("scope", sa.JSON(), nullable=True))
    op.add_column("tokens", sa.Column("seen", sa.String(length=40), nullable=True))
    op.add_column("tokens", sa.Column("source", sa.String(length=80), nullable=True))
    op.add_column("tokens", sa.Column("web", sa.String(length=80), nullable=True))
    op.create_index(op.f("ix_tokens_web"), "tokens", ["web"], unique=False)
    op.add_column("grants", sa.Column("sites", sa.JSON(), nullable=True))
    op.add_column("grants", sa.Column("tags", sa.JSON(), nullable=True))
    op.add_column("grants", sa.Column("most_uses", sa.Integer(), nullable=True))
    op.add_column("grants", sa.Column("used", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("grants", sa.Column("only_booked", sa.Boolean(), nullable=False, server_default=sa.text("0")))
    op.add_column("grants", sa.Column("loud", sa.Boolean(), nullable=False, server_default=sa.text("0")))
    op.add_column("grants", sa.Column("approved_by", sa.String(length=80), nullable=True))
    op.create_index(op.f("ix_people_managed_by"), "people", ["managed_by"], unique=False)
    op.create_index("ix_web_sessions_outside", "web_sessions", ["issuer", "outside"], unique=False)
    op.create_table(
        "factors",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("credential", sa.String(length=1400), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.Column("used", sa.String(length=40), nullable=True),
        sa.Column("ended", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_factors_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factors")),
        sa.UniqueConstraint("credential", name=op.f("uq_factors_credential")),
    )
    op.create_index("ix_factors_person", "factors", ["person"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("until", sa.String(length=40), nullable=False),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=True),
        sa.Column("used", sa.String(length=40), nullable=True),
        sa.Column("ended", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_invitations_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("hash", name=op.f("uq_invitations_hash")),
    )
    op.create_index("ix_invitations_person", "invitations", ["person"], unique=False)
    op.create_table(
        "outside_identities",
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.Column("seen", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_outside_identities_person")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_outside_identities")),
    )
    op.create_index("ix_outside_identities_person", "outside_identities", ["person"], unique=False)
    op.create_table(
        "logout_tokens",
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("jti", sa.String(length=255), nullable=False),
        sa.Column("until", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "jti", name=op.f("pk_logout_tokens")),
    )
    op.create_table(
        "groups",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=240), nullable=False),
        sa.Column("managed_by", sa.String(length=80), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=True),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.Column("changed", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
    )
    op.create_index("ix_groups_managed_by", "groups", ["managed_by"], unique=False)
    op.create_table(
        "group_members",
        sa.Column("group", sa.String(length=80), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["group"], ["groups.id"], name=op.f("fk_group_members_group")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_group_members_person")),
        sa.PrimaryKeyConstraint("group", "person", name=op.f("pk_group_members")),
    )
    op.create_index("ix_group_members_person", "group_members", ["person"], unique=False)
    op.create_table(
        "roles",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("capabilities", sa.JSON(), nullable=False),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_roles")),
    )
    op.create_table(
        "requests",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("asked_at", sa.String(length=40), nullable=False),
        sa.Column("until", sa.String(length=40), nullable=False),
        sa.Column("answered_by", sa.String(length=80), nullable=True),
        sa.Column("answered_at", sa.String(length=40), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("grant", sa.String(length=80), nullable=True),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_requests_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    op.create_index("ix_requests_person", "requests", ["person"], unique=False)
    op.create_index("ix_requests_state", "requests", ["state"], unique=False)
    op.create_table(
        "cuts",
        sa.Column("sequence", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("connectors", sa.JSON(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_cuts")),
    )
    op.create_index("ix_cuts_at", "cuts", ["at"], unique=False)
    op.create_table(
        "room_tags",
        sa.Column("room", sa.String(length=80), nullable=False),
        sa.Column("tag", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["room"], ["rooms.id"], name=op.f("fk_room_tags_room")),
        sa.PrimaryKeyConstraint("room", "tag", name=op.f("pk_room_tags")),
    )
    op.create_index("ix_room_tags_tag", "room_tags", ["tag"], unique=False)
