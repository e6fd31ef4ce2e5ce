"""Pieces that look alike, as groups that keep their names and ids from night to night."""
