"""Webhooks: shops name addresses, and the events that the shop bus calls `out` are posted there, signed."""
