"""Every table of the hub, in SQLAlchemy Core: nothing here stands in the way of PostgreSQL.

Times are RFC 3339 text in UTC, for people and for wall-clock ends. *Order* is never a time: ``issued``,
``sequence`` and ``opened`` are positions in the one counter of the table ``sequence``, which only units
of work advance. Lists are JSON. The record's own tables are storage.record's.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

sequence = Table(
    "sequence",
    metadata,
    Column("id", Integer, primary_key=True),  # one row: 1
    Column("value", Integer, nullable=False),
)

revocations = Table(
    "revocations",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("cause", String(40), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("by", String(80)),
    Column("reason", Text, nullable=False),
    Column("rooms", JSON),  # null: all rooms
    Column("spared", String(80)),
    Column("at", String(40), nullable=False),
    Index("ix_revocations_subject", "kind", "subject"),
)

people = Table(
    "people",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("key", String(240), nullable=False),  # the name as names are compared: case and width do not count
    Column("kind", String(20), nullable=False),  # person, service-account
    Column("password", Text),  # argon2id, or null: no sign-in by password
    Column("roles", JSON, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("created", String(40), nullable=False),
    Column("created_by", String(80)),
    Column("version", Integer, nullable=False),
    Column("paused", String(80)),  # why, or null; a paused account acts as little as a disabled one
    Column("display", String(240)),  # a fuller name, as a directory gives it
    Column("mail", String(320)),
    Column("managed_by", String(80), index=True),  # the service account of the directory that keeps it, or null
    Column("external_id", String(255)),  # that directory's own id for it
)
# A deleted person keeps its row, for the record, but gives its name back.
Index(
    "uq_people_key", people.c.key, unique=True, sqlite_where=text("NOT deleted"), postgresql_where=text("NOT deleted")
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    Column("hash", String(64), nullable=False, unique=True),  # SHA-256 of the cookie
    Column("former", String(64), index=True),  # the cookie before a renewal, good for a few seconds more
    Column("former_until", String(40)),
    Column("csrf", String(64), nullable=False),
    Column("source", String(80), nullable=False),
    Column("issued", Integer, nullable=False),
    Column("created", String(40), nullable=False),
    Column("seen", String(40), nullable=False),
    Column("until", String(40), nullable=False),  # the absolute end
    Column("renew", Boolean, nullable=False),  # the next request gets a new cookie
    Column("ended", String(40)),  # the cause
    Column("how", String(20), nullable=False, server_default="password"),  # password, totp, passkey, recovery, oidc …
    Column("strong", Boolean, nullable=False, server_default=text("0")),  # a second factor was shown
    Column("issuer", String(255)),  # the identity provider that vouched, or null
    Column("outside", String(255)),  # its subject
    Column("outside_session", String(255)),  # its `sid`, where it gave one
    Column("agent", String(240)),  # what the browser calls itself
    Index("ix_web_sessions_outside", "issuer", "outside"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("issued", Integer, nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("created", String(40), nullable=False),
    Column("until", String(40), nullable=False),
    Column("ended", String(40)),
    Column("paused", String(80)),  # why, or null
    Column("scope", JSON),  # words: what it is for; null: all that its owner may
    Column("seen", String(40)),  # when it was last used, to the half minute
    Column("source", String(80)),  # and from where
    Column("web", String(80), index=True),  # of a sign-in by code: the web session that said yes
)

factors = Table(
    "factors",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),  # totp, passkey, recovery
    Column("name", String(120), nullable=False),
    Column("credential", String(1400), unique=True),  # a passkey's id; a recovery code's hash; null for TOTP
    Column("secret", LargeBinary),  # TOTP: sealed; passkey: its public key, which is none
    Column("counter", Integer, nullable=False),  # passkey: signatures; TOTP: the last step that was used
    Column("created", String(40), nullable=False),
    Column("used", String(40)),  # when last
    Column("ended", String(40)),  # the cause
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    Column("until", String(40), nullable=False),
    Column("created", String(40), nullable=False),
    Column("created_by", String(80)),  # null: the hub's own terminal
    Column("used", String(40)),
    Column("ended", String(40)),  # the cause
)

outside_identities = Table(
    "outside_identities",
    metadata,
    Column("issuer", String(255), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    Column("created", String(40), nullable=False),
    Column("seen", String(40), nullable=False),
    PrimaryKeyConstraint("issuer", "subject"),
)

logout_tokens = Table(
    "logout_tokens",
    metadata,
    Column("issuer", String(255), nullable=False),
    Column("jti", String(255), nullable=False),
    Column("until", String(40), nullable=False),  # kept as long as it could be sent again
    PrimaryKeyConstraint("issuer", "jti"),
)

groups = Table(
    "groups",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("name", String(240), nullable=False),
    Column("managed_by", String(80), nullable=False, index=True),  # the service account of the directory
    Column("external_id", String(255)),
    Column("created", String(40), nullable=False),
    Column("changed", String(40), nullable=False),
    Column("version", Integer, nullable=False),
)

group_members = Table(
    "group_members",
    metadata,
    Column("group", ForeignKey("groups.id"), nullable=False),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    PrimaryKeyConstraint("group", "person"),
)

roles = Table(
    "roles",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("words", Text, nullable=False),
    Column("rights", JSON, nullable=False),  # over the hub
    Column("capabilities", JSON, nullable=False),  # what a grant by this role's name gives
    Column("created", String(40), nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("version", Integer, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    Column("capabilities", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("start", String(40), nullable=False),
    Column("until", String(40), nullable=False),
    Column("made_by", String(80), nullable=False, index=True),
    Column("issued", Integer, nullable=False),
    Column("paused", String(80)),  # why, or null
    Column("ended", String(40)),
    Column("version", Integer, nullable=False),
    Column("sites", JSON),  # ids: every room of theirs, those that come later too
    Column("tags", JSON),  # every room that bears one of them
    Column("most_uses", Integer),  # commands; null: as many as come
    Column("used", Integer, nullable=False, server_default="0"),
    Column("only_booked", Boolean, nullable=False, server_default=text("0")),  # while the room has a booking
    Column("loud", Boolean, nullable=False, server_default=text("0")),  # break-glass
    Column("approved_by", String(80)),  # the second person, where it was asked for
)

requests = Table(
    "requests",  # for a grant, until a second person answers
    metadata,
    Column("id", String(80), primary_key=True),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),  # whom it is for
    Column("asked_by", String(80), nullable=False),
    Column("terms", JSON, nullable=False),  # as they were asked, by names
    Column("reason", Text, nullable=False),
    Column("state", String(20), nullable=False),  # waiting, approved, refused, withdrawn, lapsed
    Column("asked_at", String(40), nullable=False),
    Column("until", String(40), nullable=False),  # then it lapses
    Column("answered_by", String(80)),
    Column("answered_at", String(40)),
    Column("words", Text),
    Column("grant", String(80)),
    Column("issued", Integer, nullable=False),
    Index("ix_requests_state", "state"),
)

cuts = Table(
    "cuts",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),  # its revocation's
    Column("cause", String(40), nullable=False),
    Column("at", String(40), nullable=False),
    Column("sessions", Integer, nullable=False),  # that ended
    Column("channels", JSON, nullable=False),  # kind → milliseconds from the commit, one for each that was closed
    Column("connectors", JSON, nullable=False),  # id → milliseconds until it said that it had cut
    Column("took_ms", Integer, nullable=False),
    Index("ix_cuts_at", "at"),
)

grant_rooms = Table(
    "grant_rooms",
    metadata,
    Column("grant", ForeignKey("grants.id"), nullable=False),
    Column("room", ForeignKey("rooms.id"), nullable=False, index=True),
    PrimaryKeyConstraint("grant", "room"),
)

locks = Table(
    "locks",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String(80), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("created", String(40), nullable=False),
    Column("lifted", Integer),  # the sequence at which it was lifted, or null: it holds
    Column("lifted_by", String(80)),
    Index("ix_locks_subject", "kind", "subject"),
)

sites = Table(
    "sites",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("created", String(40), nullable=False),
    Column("created_by", String(80), nullable=False),
)

enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("site", ForeignKey("sites.id"), nullable=False),
    Column("until", String(40), nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("used_by", String(80)),  # the connector that consumed it
)

connectors = Table(
    "connectors",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("site", ForeignKey("sites.id"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("public_key", LargeBinary, nullable=False, unique=True),
    Column("certificate", LargeBinary, nullable=False),  # PEM, as it came at enrolment: what the link pins
    Column("state", String(20), nullable=False),  # pending, live, disabled
    Column("created", String(40), nullable=False),
    Column("confirmed_by", String(80)),
)

rooms = Table(
    "rooms",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("site", ForeignKey("sites.id"), nullable=False),
    Column("connector", ForeignKey("connectors.id"), nullable=False, index=True),
    Column("device", String(120), nullable=False),
    Column("state", String(20), nullable=False),  # as the connector says: fine, offline, quarantined, locked
    Column("words", Text, nullable=False),
    Column("product", String(120), nullable=False),
    Column("software", String(120), nullable=False),
    Column("created", String(40), nullable=False),
    Column("removed", String(40)),  # the cause, or null
)

room_tags = Table(
    "room_tags",
    metadata,
    Column("room", ForeignKey("rooms.id"), nullable=False),
    Column("tag", String(80), nullable=False, index=True),
    PrimaryKeyConstraint("room", "tag"),
)
Index(
    "uq_rooms_name",
    rooms.c.name,
    unique=True,
    sqlite_where=text("removed IS NULL"),
    postgresql_where=text("removed IS NULL"),
)
Index(
    "uq_rooms_device", rooms.c.connector, rooms.c.device, unique=True,
    sqlite_where=text("removed IS NULL"), postgresql_where=text("removed IS NULL"),
)  # fmt: skip

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    Column("credential", String(80), nullable=False),
    Column("room", ForeignKey("rooms.id"), nullable=False, index=True),
    Column("connector", String(80), nullable=False),
    Column("grant", String(80), nullable=False),
    Column("channel", String(20), nullable=False),  # page, api, xapi, events
    Column("opened", Integer, nullable=False),  # sequence
    Column("opened_at", String(40), nullable=False),
    Column("ended", String(40)),  # the cause
    Column("ended_at", String(40)),
)

asks = Table(
    "asks",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    Column("room", String(80), nullable=False),
    Column("session", String(80)),
    Column("order", String(80), index=True),
    Column("call", Text, nullable=False),  # canonical, secret arguments masked
    Column("outcome", String(20), nullable=False),  # waiting, done, refused, failed, unknown, denied
    Column("rule", String(80), nullable=False),
    Column("words", Text, nullable=False),
    Column("result", JSON),
    Column("asked_at", String(40), nullable=False),
    Column("answered_at", String(40)),
    Column("permit_entry", Integer),  # index in the hub's record
    Column("outcome_entry", Integer),
    Index("ix_asks_room", "room", "asked_at"),  # who changed what a room's settings are not
)

site_entries = Table(
    "site_entries",
    metadata,
    Column("connector", ForeignKey("connectors.id"), nullable=False),
    Column("index", Integer, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    PrimaryKeyConstraint("connector", "index"),
)

site_checkpoints = Table(
    "site_checkpoints",
    metadata,
    Column("connector", ForeignKey("connectors.id"), primary_key=True),
    Column("size", Integer, nullable=False),  # entries that are here
    Column("hashes", LargeBinary, nullable=False),  # the right edge of the tree over them
    Column("origin", String(255), nullable=False),  # pinned with the first checkpoint
    Column("checkpoint", Text, nullable=False),  # the newest that was verified
)

findings = Table(
    "findings",
    metadata,
    Column("id", String(80), primary_key=True),  # stable: the same fact is the same finding
    Column("source", String(20), nullable=False),  # check, reconciliation, rooms, scim, break-glass
    Column("severity", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("mend", Text, nullable=False),
    Column("first_seen", String(40), nullable=False),
    Column("last_seen", String(40), nullable=False),
    Column("closed", String(40)),  # when somebody had dealt with it; null: it is open
    Column("closed_by", String(80)),
    Column("reason", Text),  # what was done about it, or which report says that it is over
    Index("ix_findings_closed", "closed"),
)

restorations = Table(
    "restorations",
    metadata,
    Column("id", Integer, primary_key=True),  # 1, 2, …: the record's name counts them
    Column("cause", String(20), nullable=False),  # how it was noticed: backup, witness, connector
    Column("at", String(40), nullable=False),
    Column("made", String(40)),  # when the backup was made, where that is known
    Column("here", Integer, nullable=False),  # entries in the record as it was found
    Column("elsewhere", Integer, nullable=False),  # entries that somebody else knows of; 0: nobody said
    Column("site_sizes", JSON, nullable=False),  # connector → how many of its entries were here
    Column("ended", String(40)),  # null: safe mode
    Column("ended_by", String(80)),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 over principal and key: the key itself opens the body
    Column("request", String(64), nullable=False),  # SHA-256 over method, path and body
    Column("status", Integer, nullable=False),  # 0: still under way
    Column("body", LargeBinary, nullable=False),  # sealed: an answer may hold a token
    Column("created", String(40), nullable=False),
)

samples = Table(
    "samples",
    metadata,
    Column("at", Integer, nullable=False),  # seconds of the epoch: there are very many
    Column("room", ForeignKey("rooms.id"), nullable=False),
    Column("values", JSON, nullable=False),  # name → number: what the status page draws
    PrimaryKeyConstraint("room", "at"),
    Index("ix_samples_at", "at"),
)

room_facts = Table(
    "room_facts",
    metadata,
    Column("room", ForeignKey("rooms.id"), primary_key=True),
    Column("facts", JSON, nullable=False),  # serial number, model, address …: as the device last told
    Column("seen", String(40), nullable=False),
)

views = Table(
    "views",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    Column("page", String(40), nullable=False),
    Column("name", String(120), nullable=False),
    Column("filter", JSON, nullable=False),
    Column("created", String(40), nullable=False),
)

text_versions = Table(
    "text_versions",
    metadata,
    Column("room", ForeignKey("rooms.id"), nullable=False),
    Column("kind", String(20), nullable=False),  # macro, panel
    Column("name", String(255), nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2, … of each
    Column("digest", String(64), nullable=False),  # SHA-256 of the text
    Column("sealed", LargeBinary, nullable=False),  # the text: macros hold passwords more often than they should
    Column("how", String(20), nullable=False),  # saved, seen, removed
    Column("by", String(80)),
    Column("at", String(40), nullable=False),
    PrimaryKeyConstraint("room", "kind", "name", "number"),
)

plans = Table(
    "plans",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("kind", String(20), nullable=False),  # document, upgrade, restore
    Column("name", String(120), nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # the document: it may hold secrets
    Column("digest", String(64), nullable=False),  # SHA-256 of the document
    Column("options", JSON, nullable=False),  # waves, window, tries, what stops it
    Column("state", String(20), nullable=False, index=True),  # planned, running, halted, done, cancelled
    Column("words", Text, nullable=False),
    Column("person", ForeignKey("people.id"), nullable=False),
    Column("credential", String(80), nullable=False),  # by which it was started: it stops when that ends
    Column("created", String(40), nullable=False),
    Column("started", String(40)),
    Column("ended", String(40)),
    Column("version", Integer, nullable=False),
)

plan_rooms = Table(
    "plan_rooms",
    metadata,
    Column("plan", ForeignKey("plans.id"), nullable=False),
    Column("room", String(80), nullable=False),
    Column("wave", Integer, nullable=False),
    Column("state", String(20), nullable=False),  # waiting, doing, done, failed, unknown, skipped, unchanged
    Column("sealed", LargeBinary, nullable=False),  # the steps with their values
    Column("progress", JSON, nullable=False),  # what became of each step
    Column("tries", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Column("at", String(40)),
    PrimaryKeyConstraint("plan", "room"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("room", String(80), index=True),
    Column("kind", String(40), nullable=False),  # room.offline, certificate.ends …
    Column("severity", String(20), nullable=False),
    Column("subject", String(120), nullable=False),  # what of the room: the same one is one alert
    Column("words", Text, nullable=False),
    Column("since", String(40), nullable=False),
    Column("ended", String(40)),
    Column("seen_by", String(80)),  # who said that they look after it
    Column("seen_at", String(40)),
    Column("raised", Integer, nullable=False, index=True),  # its place among all that was told …
    Column("over", Integer, index=True),  # … and the place of its end
)

alert_routes = Table(
    "alert_routes",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # the address, which may hold a secret
    Column("kinds", JSON, nullable=False),  # empty: all
    Column("created", String(40), nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("last_at", String(40)),
    Column("last_words", Text, nullable=False),  # "" or what went wrong
    Column("told", Integer, nullable=False),  # the place up to which it was told
)
