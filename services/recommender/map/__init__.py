"""The map of a shop's catalogue: a place in the plane for each item, near those that look like it."""
