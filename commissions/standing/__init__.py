"""Where an affiliate or a customer stands: by which version they earn, and how far they are to what comes next."""
