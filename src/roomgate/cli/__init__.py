"""The one place that wires programs together."""
