"""The board of missing papers: who owes what, and what it blocks."""
