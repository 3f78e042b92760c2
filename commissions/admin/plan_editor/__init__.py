"""The plan editor: cards, forms and a live example over a draft, for people who never saw JSON."""
