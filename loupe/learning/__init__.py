"""Learning from a shop's own catalogue: collect, split, fit, measure, pack. No network is run."""
