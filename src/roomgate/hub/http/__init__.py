"""What all routes share: who asks, what a refusal looks like, limits and headers."""
