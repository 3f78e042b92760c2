"""What other systems are told: planned, sent in order, tried again, given up, sent once more."""
