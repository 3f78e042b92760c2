"""Numbers that say how unusual something is; pure."""
