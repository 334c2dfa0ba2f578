"""The first tables: people, grants, sites, rooms, sessions, asks, findings.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "findings",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("mend", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.String(length=40), nullable=False),
        sa.Column("last_seen", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_table(
        "idempotency",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "locks",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.Column("lifted", sa.Integer(), nullable=True),
        sa.Column("lifted_by", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locks")),
    )
    op.create_index("ix_locks_subject", "locks", ["kind", "subject"], unique=False)
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=240), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_index(
        "uq_people_key",
        "people",
        ["key"],
        unique=True,
        sqlite_where=sa.text("NOT deleted"),
        postgresql_where=sa.text("NOT deleted"),
    )
    op.create_table(
        "revocations",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rooms", sa.JSON(), nullable=True),
        sa.Column("spared", sa.String(length=80), nullable=True),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_revocations")),
    )
    op.create_index("ix_revocations_subject", "revocations", ["kind", "subject"], unique=False)
    op.create_table(
        "sequence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sequence")),
    )
    op.create_table(
        "sites",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("name", name=op.f("uq_sites_name")),
    )
    op.create_table(
        "asks",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("room", sa.String(length=80), nullable=False),
        sa.Column("session", sa.String(length=80), nullable=True),
        sa.Column("order", sa.String(length=80), nullable=True),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("asked_at", sa.String(length=40), nullable=False),
        sa.Column("answered_at", sa.String(length=40), nullable=True),
        sa.Column("permit_entry", sa.Integer(), nullable=True),
        sa.Column("outcome_entry", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_asks_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asks")),
    )
    op.create_index(op.f("ix_asks_order"), "asks", ["order"], unique=False)
    op.create_index(op.f("ix_asks_person"), "asks", ["person"], unique=False)
    op.create_table(
        "connectors",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("site", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.Column("confirmed_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_connectors_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connectors")),
        sa.UniqueConstraint("public_key", name=op.f("uq_connectors_public_key")),
    )
    op.create_index(op.f("ix_connectors_site"), "connectors", ["site"], unique=False)
    op.create_table(
        "enrolment_codes",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("site", sa.String(length=80), nullable=False),
        sa.Column("until", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("used_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_enrolment_codes_site")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_enrolment_codes")),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("capabilities", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("start", sa.String(length=40), nullable=False),
        sa.Column("until", sa.String(length=40), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("paused", sa.String(length=80), nullable=True),
        sa.Column("ended", sa.String(length=40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_grants_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
    op.create_index(op.f("ix_grants_made_by"), "grants", ["made_by"], unique=False)
    op.create_index(op.f("ix_grants_person"), "grants", ["person"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.Column("until", sa.String(length=40), nullable=False),
        sa.Column("ended", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_tokens_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("hash", name=op.f("uq_tokens_hash")),
    )
    op.create_index(op.f("ix_tokens_person"), "tokens", ["person"], unique=False)
    op.create_table(
        "web_sessions",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("former", sa.String(length=64), nullable=True),
        sa.Column("former_until", sa.String(length=40), nullable=True),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.Column("seen", sa.String(length=40), nullable=False),
        sa.Column("until", sa.String(length=40), nullable=False),
        sa.Column("renew", sa.Boolean(), nullable=False),
        sa.Column("ended", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_web_sessions_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_sessions")),
        sa.UniqueConstraint("hash", name=op.f("uq_web_sessions_hash")),
    )
    op.create_index(op.f("ix_web_sessions_former"), "web_sessions", ["former"], unique=False)
    op.create_index(op.f("ix_web_sessions_person"), "web_sessions", ["person"], unique=False)
    op.create_table(
        "rooms",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("site", sa.String(length=80), nullable=False),
        sa.Column("connector", sa.String(length=80), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("product", sa.String(length=120), nullable=False),
        sa.Column("software", sa.String(length=120), nullable=False),
        sa.Column("created", sa.String(length=40), nullable=False),
        sa.Column("removed", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["connector"], ["connectors.id"], name=op.f("fk_rooms_connector")),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_rooms_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rooms")),
    )
    op.create_index(op.f("ix_rooms_connector"), "rooms", ["connector"], unique=False)
    op.create_index(
        "uq_rooms_device",
        "rooms",
        ["connector", "device"],
        unique=True,
        sqlite_where=sa.text("removed IS NULL"),
        postgresql_where=sa.text("removed IS NULL"),
    )
    op.create_index(
        "uq_rooms_name",
        "rooms",
        ["name"],
        unique=True,
        sqlite_where=sa.text("removed IS NULL"),
        postgresql_where=sa.text("removed IS NULL"),
    )
    op.create_table(
        "site_checkpoints",
        sa.Column("connector", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["connector"], ["connectors.id"], name=op.f("fk_site_checkpoints_connector")),
        sa.PrimaryKeyConstraint("connector", name=op.f("pk_site_checkpoints")),
    )
    op.create_table(
        "site_entries",
        sa.Column("connector", sa.String(length=80), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["connector"], ["connectors.id"], name=op.f("fk_site_entries_connector")),
        sa.PrimaryKeyConstraint("connector", "index", name=op.f("pk_site_entries")),
    )
    op.create_table(
        "grant_rooms",
        sa.Column("grant", sa.String(length=80), nullable=False),
        sa.Column("room", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["grant"], ["grants.id"], name=op.f("fk_grant_rooms_grant")),
        sa.ForeignKeyConstraint(["room"], ["rooms.id"], name=op.f("fk_grant_rooms_room")),
        sa.PrimaryKeyConstraint("grant", "room", name=op.f("pk_grant_rooms")),
    )
    op.create_index(op.f("ix_grant_rooms_room"), "grant_rooms", ["room"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("credential", sa.String(length=80), nullable=False),
        sa.Column("room", sa.String(length=80), nullable=False),
        sa.Column("connector", sa.String(length=80), nullable=False),
        sa.Column("grant", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.String(length=40), nullable=False),
        sa.Column("ended", sa.String(length=40), nullable=True),
        sa.Column("ended_at", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_sessions_person")),
        sa.ForeignKeyConstraint(["room"], ["rooms.id"], name=op.f("fk_sessions_room")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_person"), "sessions", ["person"], unique=False)
    op.create_index(op.f("ix_sessions_room"), "sessions", ["room"], unique=False)


def downgrade() -> None:
    raise RuntimeError("The first tables are not taken away: restore a backup instead.")
