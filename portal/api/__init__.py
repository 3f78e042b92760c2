"""REST v1: what machines may ask and tell."""
