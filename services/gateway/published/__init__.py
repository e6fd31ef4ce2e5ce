"""The contracts as they are published: AsyncAPI of the shop bus, OpenAPI of the HTTP API, a JSON Schema an event."""
