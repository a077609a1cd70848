"""What to do when an update went wrong: evidence, diagnosis, repairs, tickets."""
