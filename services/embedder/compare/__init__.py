"""Two photos of jewelry compared: aligned, held against each other place by place, and told in numbers."""
