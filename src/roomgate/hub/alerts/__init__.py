"""What somebody should look after: raised by rules, kept, acknowledged, and sent on."""
