"""Training: a server, a job and perhaps a fault; what is done to the server is watched, graded and talked over."""
