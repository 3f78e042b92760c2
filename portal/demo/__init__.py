"""A company that has run for a year, made by the real verbs; every date is counted back from today."""
