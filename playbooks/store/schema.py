"""The tables. One schema for SQLite and PostgreSQL; Alembic's migrations make it, a test compares the two.

The incident log and the ledger of deliveries are append-only (triggers, made by the migration, refuse UPDATE and
DELETE); what a person sees of an incident is a projection of its log. Times are integer milliseconds since 1970 UTC:
``at_ms`` is event time, ``recorded_ms`` is the wall clock.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: Autoincrement needs INTEGER on SQLite.
RowId = BigInteger().with_variant(Integer, "sqlite")

#: Every signal that respond has taken in; the id makes a repeat harmless.
signals = Table(
    "signals",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("run", String(128), nullable=False),
    Column("brand", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("body", JSON, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Index("ix_signals_newest", "at_ms"),
)

#: One row a brand and run: locked for the length of a transaction that decides about the brand.
brand_locks = Table(
    "brand_locks",
    metadata,
    Column("run", String(128), primary_key=True),
    Column("brand", String(64), primary_key=True),
)

#: What never changes about an incident, and whether it is open (so that the store can refuse a second open one).
#: ``verdict`` is the last that a person gave, so that false pages can be counted.
incidents = Table(
    "incidents",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("run", String(128), nullable=False),
    Column("brand", String(64), nullable=False),
    Column("playbook", String(64), nullable=False),
    Column("playbook_version", String(32), nullable=False),
    Column("playbook_hash", String(64), nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("open", Boolean, nullable=False, default=True),
    Column("cause", String(64), nullable=False, server_default=""),
    Column("verdict", String(16), nullable=True),
    Index("ix_incidents_newest", "opened_ms", "id"),
    Index(
        "uq_incidents_one_open",
        "run",
        "brand",
        "cause",
        unique=True,
        sqlite_where=text("open = 1"),
        postgresql_where=text("open"),
    ),
)

#: The append-only log: everything that is true of an incident follows from its rows in order of ``n``. ``hash`` is of
#: the row and of the hash before it (`log_hash.py`), so that a row that was changed is noticed.
incident_log = Table(
    "incident_log",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=True),
    Column("incident", String(64), ForeignKey("incidents.id"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("entry", String(32), nullable=False),
    Column("body", JSON, nullable=False),
    Column("hash", String(64), nullable=False, server_default=""),
    UniqueConstraint("incident", "n", name="uq_incident_log_incident_n"),
    Index("ix_incident_log_entry", "incident", "entry", "at_ms"),
)

#: Holds on posting. In force from the commit that writes the row, until ``released_ms`` is set by people. ``brand`` is
#: ``*`` where all are held; ``placed_by`` is the person who placed it by hand, empty where a playbook did.
holds = Table(
    "holds",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("incident", String(64), ForeignKey("incidents.id"), nullable=False),
    Column("run", String(128), nullable=False),
    Column("brand", String(64), nullable=False),
    Column("platform", String(32), nullable=True),
    Column("reason", Text, nullable=False),
    Column("releasers_needed", Integer, nullable=False),
    Column("placed_ms", BigInteger, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("released_ms", BigInteger, nullable=True),
    Column("only", JSON, nullable=False, server_default="{}"),
    Column("protects", String(64), nullable=False, server_default=""),
    Column("placed_by", String(64), nullable=False, server_default=""),
    Column("one_of", String(64), nullable=False, server_default=""),
    Index("ix_holds_in_force", "brand", "released_ms"),
    Index("ix_holds_incident", "incident"),
)

#: Each person's word that a hold may go, and the roles they were in; it goes when enough different people, and one of
#: the role that the hold names, have said so. Where its terms get stricter, people say it anew.
hold_releases = Table(
    "hold_releases",
    metadata,
    Column("hold", String(64), ForeignKey("holds.id"), primary_key=True),
    Column("person", String(64), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("roles", JSON, nullable=False, server_default="[]"),
)

#: Actions that are due: written in the transaction that decides them, carried out by the runner under a lease.
#: ``incident`` is empty where it is about none: that a brand is armed.
outbox = Table(
    "outbox",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("incident", String(64), ForeignKey("incidents.id"), nullable=True),
    Column("run", String(128), nullable=False),
    Column("step", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("target", String(128), nullable=False),
    Column("body", JSON, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("lease_owner", String(128), nullable=True),
    Column("lease_until_ms", BigInteger, nullable=True),
    Index("ix_outbox_due", "state", "due_ms"),
    Index("ix_outbox_incident", "incident"),
)

#: The ledger: what was tried to reach whom by which channel, and what the other side answered. Append-only. A send has
#: a row ``sending`` before it and a row with its outcome after it. ``person`` is empty where nobody is reached.
deliveries = Table(
    "deliveries",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=True),
    Column("outbox", String(128), ForeignKey("outbox.id"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("person", String(64), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    UniqueConstraint("outbox", "attempt", "person", "channel", "outcome", name="uq_deliveries_attempt"),
)

#: What falls due at a time, whatever happens meanwhile: it looks at its incident then. Woken once.
timers = Table(
    "timers",
    metadata,
    Column("id", String(192), primary_key=True),
    Column("incident", String(64), ForeignKey("incidents.id"), nullable=False),
    Column("run", String(128), nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("body", JSON, nullable=False),
    Column("woken_ms", BigInteger, nullable=True),
    Index("ix_timers_due", "woken_ms", "due_ms"),
)

#: Who may do a thing that only one process may do, for now.
leases = Table(
    "leases",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("owner", String(128), nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)

#: How far a source has read, written after Kafka has acknowledged.
source_cursors = Table(
    "source_cursors",
    metadata,
    Column("source", String(128), primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
)

#: Console sessions and the one-time link, by hash of the secret only.
console_tokens = Table(
    "console_tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("person", String(64), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=True),
)

#: The calendar of each rota that is one, as it was last read: it counts on while its server does not answer.
#: ``address_hash`` tells whose copy it is without saying the address, which may be a secret.
calendars = Table(
    "calendars",
    metadata,
    Column("rota", String(64), primary_key=True),
    Column("address_hash", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("last_modified", Text, nullable=False),
    Column("read_ms", BigInteger, nullable=False),
)

#: What each process last said of itself, one row a process: it is there, what troubles it, and how far it has come.
#: ``reached_ms`` is for watch the event time up to which every bucket is closed, for the gate when it was last asked,
#: for the runner when the heartbeat was last taken; NULL where there is none yet.
pulses = Table(
    "pulses",
    metadata,
    Column("role", String(16), primary_key=True),
    Column("process", String(128), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("reached_ms", BigInteger, nullable=True),
    Column("troubles", JSON, nullable=False),
)

#: Each test message to a contact point, and when a person confirmed it. ``address_hash`` tells whether the point is
#: still the one that was tested, without saying the address.
contact_tests = Table(
    "contact_tests",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("address_hash", String(64), nullable=False),
    Column("code", String(16), nullable=False),
    Column("sent_ms", BigInteger, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("confirmed_ms", BigInteger, nullable=True),
    Index("ix_contact_tests_person", "person", "channel"),
)

#: Each time that somebody had posts erased: who, why, by which mark and how many.
erasures = Table(
    "erasures",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("person", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String(16), nullable=False),
    Column("posts", Integer, nullable=False),
)

#: The posts that signals quote. Log, ledger and outbox have ``ref`` alone, a salted hash of what stands here, so that
#: the platform's id, the handle, the text and the salt can be erased while the log still verifies. ``mark`` is another
#: salted hash, of the id: by it an erased post is known when it comes again, and stays erased.
posts = Table(
    "posts",
    metadata,
    Column("ref", String(80), primary_key=True),
    Column("run", String(128), nullable=False),
    Column("brand", String(64), nullable=False),
    Column("platform", String(32), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("kept_ms", BigInteger, nullable=False),
    Column("mark", String(64), nullable=False),
    Column("mark_salt", String(32), nullable=False),
    Column("salt", String(32), nullable=True),
    Column("post", Text, nullable=True),
    Column("handle", Text, nullable=True),
    Column("text", Text, nullable=True),
    Column("erasure", RowId, ForeignKey("erasures.seq"), nullable=True),
    Index("ix_posts_when", "brand", "at_ms"),
)

#: Every drill that was begun, and what was measured in it. Nothing of a drill wakes anybody after ``until_ms``, by when
#: it must be over, nor once it is (``ended_ms``). ``person`` is who began it, empty where nobody was named.
drills = Table(
    "drills",
    metadata,
    Column("run", String(128), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("brand", String(64), nullable=False),
    Column("place", String(16), nullable=False),
    Column("person", String(64), nullable=False),
    Column("begun_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=True),
    Column("figures", JSON, nullable=True),
    Index("ix_drills_newest", "begun_ms", "run"),
)

#: Since when each brand has been known here: what is new observes for a while before it is armed.
known_brands = Table(
    "known_brands",
    metadata,
    Column("brand", String(64), primary_key=True),
    Column("first_ms", BigInteger, nullable=False),
)

#: Who said how far Firebreak may go for a brand, when and why. Append-only; a brand's newest row counts.
arming_acts = Table(
    "arming_acts",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=True),
    Column("brand", String(64), nullable=False),
    Column("arming", String(16), nullable=False),
    Column("person", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("early", Boolean, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Index("ix_arming_acts_newest", "brand", "seq"),
)

#: Planned silence. ``brand``, ``kind`` and ``playbook`` are empty where it is for any; ``lifted_ms`` is set by a person
#: who ends it early.
mutes = Table(
    "mutes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("brand", String(64), nullable=True),
    Column("kind", String(32), nullable=True),
    Column("playbook", String(64), nullable=True),
    Column("begins_ms", BigInteger, nullable=False),
    Column("ends_ms", BigInteger, nullable=False),
    Column("person", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("lifted_ms", BigInteger, nullable=True),
    Column("lifted_by", String(64), nullable=True),
    Column("lifted_why", Text, nullable=True),
    Index("ix_mutes_in_force", "lifted_ms", "ends_ms"),
)

#: The texts of posts that the gate was asked about. Audit and ``held_posts`` have ``ref`` alone; the audit also a hash
#: of salt and text, so that both can be erased and the chain still verifies. ``post`` is the key of the post.
gate_texts = Table(
    "gate_texts",
    metadata,
    Column("ref", String(64), primary_key=True),
    Column("post", String(64), nullable=False),
    Column("kept_ms", BigInteger, nullable=False),
    Column("salt", String(64), nullable=True),
    Column("text", Text, nullable=True),
    Column("erased_ms", BigInteger, nullable=True),
    Column("platform", String(32), nullable=False, server_default=""),
    Column("name", Text, nullable=False, server_default=""),
    Column("account", Text, nullable=False, server_default=""),
    Index("ix_gate_texts_post", "post"),
    Index("ix_gate_texts_kept", "erased_ms", "kept_ms"),
)

#: Every post that the gate has held back, by a hash of what names it, and what a person said becomes of it.
#: ``text_hash`` is of the text that may go, or of the one that was held; ``went_ms`` is when the gate let it.
#: ``account`` is as names are compared; ``links_hash`` is null where an older version held it.
held_posts = Table(
    "held_posts",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("run", String(128), nullable=False),
    Column("brand", String(64), nullable=False),
    Column("platform", String(32), nullable=False),
    Column("account", String(256), nullable=False),
    Column("post", Text, nullable=False),
    Column("caller", String(64), nullable=False),
    Column("scheduled_ms", BigInteger, nullable=True),
    Column("text_ref", String(64), nullable=False),
    Column("text_hash", String(64), nullable=True),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    Column("word", String(16), nullable=True),
    Column("person", String(64), nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("said_ms", BigInteger, nullable=True),
    Column("not_before_ms", BigInteger, nullable=True),
    Column("went_ms", BigInteger, nullable=True),
    Column("links_hash", String(64), nullable=True),
    Index("ix_held_posts_account", "run", "brand", "platform", "account"),
    Index("ix_held_posts_text", "text_hash"),
)

#: Every text by which a held post is known again under another id: those that were held, and those that people put in
#: their place. It goes when the text under ``text_ref`` is erased.
held_texts = Table(
    "held_texts",
    metadata,
    Column("post", String(64), ForeignKey("held_posts.key"), primary_key=True),
    Column("text_hash", String(64), primary_key=True),
    Column("text_ref", String(64), nullable=False),
    Index("ix_held_texts_text", "text_hash"),
    Index("ix_held_texts_ref", "text_ref"),
)

#: Which holds held back which posts.
held_by = Table(
    "held_by",
    metadata,
    Column("hold", String(64), ForeignKey("holds.id"), primary_key=True),
    Column("post", String(64), ForeignKey("held_posts.key"), primary_key=True),
    Index("ix_held_by_post", "post"),
)

#: A person's word that one post may go although it is held: once, and until ``expires_ms``.
break_glass = Table(
    "break_glass",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("post", String(64), nullable=False),
    Column("text_hash", String(64), nullable=False),
    Column("person", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=True),
    Index("ix_break_glass_post", "post", "used_ms"),
)

#: Every text that the policy held or rejected, by brand, platform and run. ``text_hash`` is of text and links; it
#: goes, as ``links`` and ``findings`` do, when the text is erased. ``account``, ``post`` and ``caller`` are of the last
#: question about it, ``authors`` are all that anybody named.
policy_posts = Table(
    "policy_posts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("run", String(128), nullable=False),
    Column("brand", String(64), nullable=False),
    Column("platform", String(32), nullable=False),
    Column("account", String(256), nullable=False),
    Column("post", Text, nullable=False),
    Column("caller", String(64), nullable=False),
    Column("authors", JSON, nullable=False),
    Column("text_ref", String(64), nullable=False),
    Column("salted_hash", String(64), nullable=False),
    Column("text_hash", String(64), nullable=True),
    Column("links", JSON, nullable=True),
    Column("findings", JSON, nullable=True),
    Column("verdict", String(16), nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("topics", JSON, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    Column("went_ms", BigInteger, nullable=True),
    UniqueConstraint("text_hash", "run", "brand", "platform", name="uq_policy_posts_text"),
    Index("ix_policy_posts_newest", "went_ms", "last_ms"),
)

#: What editors and approvers said of them. ``reasons`` are the codes that they had before them; ``audited_ms`` is when
#: a gate wrote the word into its audit, before which it opens nothing.
policy_words = Table(
    "policy_words",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("post", String(64), ForeignKey("policy_posts.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("topic", String(64), nullable=False),
    Column("person", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("said_ms", BigInteger, nullable=False),
    Column("audited_ms", BigInteger, nullable=True),
    Index("ix_policy_words_post", "post"),
    Index("ix_policy_words_audited", "audited_ms"),
)

#: Every decision of the gate, written before its answer leaves. Append-only; each row holds the hash of the one before.
gate_audit = Table(
    "gate_audit",
    metadata,
    Column("chain", String(64), primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

#: How far each gate process's chain reaches, beside the chain, so that one that was cut off is noticed. ``seal`` is
#: over chain, ``n`` and ``hash``; empty where an older version wrote it.
gate_chains = Table(
    "gate_chains",
    metadata,
    Column("chain", String(64), primary_key=True),
    Column("begun_ms", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("seal", String(64), nullable=False, server_default=""),
)

#: Where a chain was cut because what stood before was old: up to which row, with what hash, under a seal. The database
#: lets rows go only behind a cut.
gate_cuts = Table(
    "gate_cuts",
    metadata,
    Column("chain", String(64), primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("seal", String(64), nullable=False),
)

#: Each account in a scheduler as it was last read back. ``since_ms`` is since when a hold covers it, ``proven_ms`` when
#: all of it was last read, ``ahead_ms`` how far the scheduler's clock is ahead of ours. ``going``, ``stopped`` and
#: ``leaked`` count posts. ``told`` is what the person on call has been told of.
scheduler_accounts = Table(
    "scheduler_accounts",
    metadata,
    Column("scheduler", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("hold", String(64), nullable=True),
    Column("since_ms", BigInteger, nullable=True),
    Column("why", String(32), nullable=True),
    Column("detail", Text, nullable=False),
    Column("checked_ms", BigInteger, nullable=False),
    Column("proven_ms", BigInteger, nullable=True),
    Column("next_ms", BigInteger, nullable=False),
    Column("ahead_ms", BigInteger, nullable=True),
    Column("going", Integer, nullable=False),
    Column("stopped", Integer, nullable=False),
    Column("leaked", Integer, nullable=False),
    Column("canary", String(16), nullable=False),
    Column("told", JSON, nullable=False),
    Column("told_ms", BigInteger, nullable=True),
)

#: Posts found in schedulers while a hold covered them: how each stood, and what people want of it since. ``body`` is
#: the post as the scheduler had it, kept before it is touched; ``due_ms`` is when it was to go out, ``put_off_ms`` when
#: it would now, where it is only put off.
scheduled_posts = Table(
    "scheduled_posts",
    metadata,
    Column("scheduler", String(64), primary_key=True),
    Column("post", String(128), primary_key=True),
    Column("hold", String(64), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("detail", Text, nullable=False),
    Column("found_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("wish", String(16), nullable=True),
    Column("wish_ms", BigInteger, nullable=True),
    Column("wish_by", String(64), nullable=True),
    Column("wish_reason", Text, nullable=True),
    Column("new_post", String(128), nullable=True),
    Column("put_off_ms", BigInteger, nullable=True),
    Index("ix_scheduled_posts_stage", "scheduler", "stage"),
    Index("ix_scheduled_posts_hold", "hold"),
)

#: What was found, done and read back in schedulers, post by post and account by account; append-only, without texts.
scheduler_log = Table(
    "scheduler_log",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=True),
    Column("scheduler", String(64), nullable=False),
    Column("post", String(128), nullable=False),
    Column("hold", String(64), nullable=True),
    Column("entry", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Index("ix_scheduler_log_scheduler", "scheduler", "seq"),
)

#: What each channel said when the runner last asked whether it would take a message: the console's process need not
#: have the channels' secrets.
channel_answers = Table(
    "channel_answers",
    metadata,
    Column("channel", String(32), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("answer", Text, nullable=False),
)
