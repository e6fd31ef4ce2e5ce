"""Child processes in which bytes from outside are opened: what ends one of them ends nothing else."""
