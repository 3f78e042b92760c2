"""What places of files have in common, wherever they are: what they can do, and what a person chooses for them."""
