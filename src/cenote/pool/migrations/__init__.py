"""The history of the tables, for Alembic. Every change of models.py is a file in versions/."""
