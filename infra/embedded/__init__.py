"""The parts that come as wheels: real servers, run as children of our own."""
