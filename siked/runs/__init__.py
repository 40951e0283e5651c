"""What is done with runs: start, resume, fork, replay, teach, solve, compare."""
