"""What commissions.simulate works with: cases and questions, what is found in them, and how it is shown."""
