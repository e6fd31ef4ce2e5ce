"""Every message and API model of Loupe. Contracts only grow: fields are added with defaults, never renamed or removed."""
