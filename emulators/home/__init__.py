"""The process home: one virtual server on loopback, with RMCP+ on UDP, SSH and SFTP, and one pump."""
