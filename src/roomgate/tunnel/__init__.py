"""The two ends of a tunnel to a device's own page: frames, windows, and the connections that they carry."""
