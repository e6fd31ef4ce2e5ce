"""What operators see: structured logs that one correlation id leads through, metrics, health."""
