"""Where the parts of the shipped models are trained."""
