"""What to order, what will run out and what lies: each with the numbers that it follows from."""
