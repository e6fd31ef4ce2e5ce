"""What a piece, a style, a type and the shop will sell: small numpy models over weeks, no look into the future."""
