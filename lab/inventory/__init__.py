"""What the inventory's forecasts and advice are worth, where the truth is known: `make evaluate-inventory`."""
