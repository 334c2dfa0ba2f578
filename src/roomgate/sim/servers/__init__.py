"""The wires around the pure device: HTTPS, the xAPI socket, SSH."""
