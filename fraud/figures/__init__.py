"""Figures for the pages: what is at stake, how often a check was right, what stands behind a case; read only."""
