"""Every message and API model. Contracts only grow: fields are added with defaults, never renamed or removed."""
