"""Where commands run: over SSH, or on this machine."""
