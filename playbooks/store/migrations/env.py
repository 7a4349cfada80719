"""Run by Alembic: the migrations, on the connection and in the transaction that `migrate` has opened."""

from alembic import context

from playbooks.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
