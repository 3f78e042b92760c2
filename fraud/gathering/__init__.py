"""Reads what checks are asked of from the tables, many rows at a time and with few questions."""
