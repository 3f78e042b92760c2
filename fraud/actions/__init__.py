"""The verbs of fraud review."""
