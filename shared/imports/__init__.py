"""Files of shops, read: CSV, JSON Lines, Shopify's product CSV, zips of pictures. Nothing here reaches a service."""
