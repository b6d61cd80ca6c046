"""Runs the steps on the connection that `crossmargin.store.postgres_schema` hands over."""

from alembic import context


def run_steps() -> None:
    """All steps between the database's revision and the wanted one, in one transaction."""
    context.configure(connection=context.config.attributes["connection"])
    with context.begin_transaction():
        context.run_migrations()


# Alembic loads this file under its own name; an import of the package runs nothing.
if __name__ == "env_py":
    run_steps()
