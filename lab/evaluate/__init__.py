"""One evaluation for every model: suites by name, and anybody's own pictures."""
