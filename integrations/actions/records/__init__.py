"""Records of our customers that other systems keep: lined up, told, and what people change in them taken in."""
