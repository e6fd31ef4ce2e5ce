"""What the gateway tells the inventory, and what it takes over from it."""
