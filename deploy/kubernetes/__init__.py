"""Loupe on Kubernetes: manifests made from the compose file, so that both say the same of a service."""
