"""How the connections are: figures of the last hours and days, and what of them is trouble."""
