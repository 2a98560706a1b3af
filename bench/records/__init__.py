"""Records: what a small computer reaches in seconds. Each is a script that anyone can run."""
