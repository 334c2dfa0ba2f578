"""SCIM 2.0: a directory keeps the people and groups that it brought, and nobody else."""
