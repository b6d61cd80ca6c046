"""How a PostgreSQL journal gets its tables, step by step (Alembic)."""
