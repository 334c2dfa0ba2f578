"""Co-signs checkpoints; knows nothing else."""
