"""The BMC's web pages: two faces, one set of routes, and everything on them acts on the one VirtualServer."""
