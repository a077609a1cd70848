"""The Docker home: a container a virtual server, on networks of its own that are recabled and that lease addresses."""
