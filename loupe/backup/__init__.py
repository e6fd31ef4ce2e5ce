"""`loupe backup` and `loupe restore`: the databases and the objects, from which everything else is made again."""
