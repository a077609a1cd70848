"""The Linux host of a virtual server: its shell, files, units and commands. Runs our commands only."""
