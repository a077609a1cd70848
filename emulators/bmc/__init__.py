"""The virtual BMC: IPMI messages in, completion code and data out, and the sessions that carry them."""
