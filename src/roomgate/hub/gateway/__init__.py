"""The xAPI endpoint for other people's clients: behaves as a device, decides as the hub."""
